// Taking a call: the type by code, words, synonyms or radio code; the questions of that type; the route while she types.

let timer = null;
const form = () => document.querySelector("#intake-form");
const types = () => JSON.parse(document.querySelector("#types")?.textContent || "[]");
const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

function preview(delay = 400) {
  clearTimeout(timer);
  timer = setTimeout(() => { if (form()) window.htmx.trigger("#preview", "preview"); }, delay);
}

function rank(type, words) {
  const code = plain(type.code);
  const text = plain(`${type.code} ${type.label} ${type.search}`);
  if (!words.every((word) => text.includes(word))) return 0;
  const [first] = words;
  if (code === first || type.codes.some((one) => plain(one) === words.join(" "))) return 4;
  if (code.startsWith(first)) return 3;
  return plain(type.label).startsWith(first) ? 2 : 1;
}
function matches(query) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  return types().map((type) => [rank(type, words), type]).filter(([score]) => score).sort((a, b) => b[0] - a[0]).slice(0, 9).map(([, type]) => type);
}

let chosen = "";
function choose(type) {
  const input = document.querySelector("#f-type");
  if (!input) return;
  if (type) { input.value = type.code; input.dispatchEvent(new Event("input", { bubbles: true })); }
  close();
  settleType();
}
function settleType() {
  const input = document.querySelector("#f-type");
  const name = document.querySelector("#f-type-name");
  const type = types().find((one) => one.code.toLowerCase() === input.value.trim().toLowerCase());
  name.textContent = type ? type.label : input.value.trim() ? name.dataset.none : "";
  const code = type ? type.code : "";
  if (code === chosen) return;
  chosen = code;
  window.htmx.trigger("#questions", "type-chosen");
  preview(50);
}

function open(found) {
  const input = document.querySelector("#f-type");
  const list = document.querySelector("#f-type-list");
  list.replaceChildren(...found.map((type, index) => {
    const item = document.createElement("li");
    item.id = `type-${index}`;
    item.role = "option";
    item.dataset.code = type.code;
    item.ariaSelected = index === 0 ? "true" : "false";
    const code = document.createElement("b");
    code.textContent = type.code;
    const label = document.createElement("span");
    label.textContent = type.label;
    item.append(code, label);
    return item;
  }));
  list.hidden = found.length === 0;
  input.setAttribute("aria-expanded", String(found.length > 0));
  if (found.length) input.setAttribute("aria-activedescendant", "type-0"); else input.removeAttribute("aria-activedescendant");
}
function close() { if (document.querySelector("#f-type-list")) open([]); }
const active = () => document.querySelector('#f-type-list [aria-selected="true"]');
function move(by) {
  const items = [...document.querySelectorAll("#f-type-list [role=option]")];
  const at = items.indexOf(active());
  const next = items[(at + by + items.length) % items.length];
  for (const item of items) item.ariaSelected = String(item === next);
  next?.scrollIntoView({ block: "nearest" });
  if (next) document.querySelector("#f-type").setAttribute("aria-activedescendant", next.id);
}
const typeOf = (item) => types().find((type) => type.code === item?.dataset.code);

document.addEventListener("input", (event) => {
  if (event.target.form !== form() || !form()) return;
  if (event.target.id === "f-type" && event.isTrusted) open(matches(event.target.value));
  else if (event.target.id !== "f-type") preview();
});
document.addEventListener("change", (event) => { if (form() && event.target.form === form()) preview(150); });
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "f-type" || document.querySelector("#f-type-list").hidden) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); move(event.key === "ArrowDown" ? 1 : -1); }
  else if (event.key === "Enter" && !event.ctrlKey) { event.preventDefault(); choose(typeOf(active())); }
  else if (event.key === "Tab") choose(typeOf(active()));
  else if (event.key === "Escape") { event.preventDefault(); close(); }
}, true);
document.addEventListener("focusout", (event) => { if (event.target.id === "f-type") { close(); settleType(); } });
document.addEventListener("mousedown", (event) => {
  const item = event.target.closest?.("#f-type-list [role=option]");
  if (item) { event.preventDefault(); choose(typeOf(item)); }
});

// Joining is the only thing the preview lets her pick, so it is kept outside of it.
function join(number) {
  form().elements.into.value = number;
  form().elements.into.dispatchEvent(new Event("input", { bubbles: true }));
  showJoin();
}
function showJoin() {
  const chip = document.querySelector("#joining");
  const number = form()?.elements.into.value;
  if (!chip) return;
  chip.hidden = !number;
  chip.querySelector("b").textContent = number;
}
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-into]");
  if (button && form()) join(button.dataset.into);
});

document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "pane") chosen = ""; });
for (const name of ["cso:restored", "cso:cleared"]) {
  document.addEventListener(name, (event) => {
    if (event.target !== form()) return;
    settleType();
    showJoin();
    preview(50);
  });
}
// htmx listens from here on.
document.addEventListener("DOMContentLoaded", () => { if (form()) { settleType(); showJoin(); } });
