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
  if (code) document.querySelector("#suggested").replaceChildren(); // before Tab moves on: a focus that vanishes is nowhere
  loading = true;
  window.htmx.trigger("#questions", "type-chosen");
  wait();
  preview(50);
}

// One question at a time: the server says which can still change the route, the most decisive first. The one that is
// shown stays as long as it matters, so that no key meets a question that has just come under the finger.
let due = 0; // counts the changes that the server has to look at before the next question is shown
let seen = 0; // the last of them that it has looked at
let loading = false;
let offline = false;
let goOn = false;
let byArrow = false;
const questions = () => [...document.querySelectorAll("#questions [data-question]")];
const answered = (question) => Boolean(question.querySelector("input:checked"));

// The caller hears a question in the own language; the page stays in the dispatcher's.
function speak() {
  const theirs = document.querySelector("#f-language")?.value || "";
  for (const words of document.querySelectorAll("#questions .spoken")) words.hidden = ![theirs, theirs.split("-")[0]].includes(words.lang);
}
function wait() {
  due += 1;
  arrange();
}
function stillOpen() {
  const told = document.querySelector("#preview [data-asking]");
  if (told) return told.dataset.asking.split(" ").filter(Boolean);
  const first = document.querySelector("#asking")?.dataset.first;
  return first && !chosen ? [first] : [];
}
function arrange() {
  const box = document.querySelector("#questions");
  const all = questions();
  speak();
  const waiting = !offline && (loading || seen < due);
  if (!box || !all.length) return;
  box.setAttribute("aria-busy", String(waiting));
  const open = stillOpen();
  const refused = chosen && !waiting && !document.querySelector("#preview [data-asking]");
  const everything = offline || refused || box.dataset.all === "1";
  const shown = all.find((one) => !one.hidden && !answered(one) && open.includes(one.dataset.question));
  const next = waiting ? null : shown || open.map((id) => all.find((one) => one.dataset.question === id)).find((one) => one && !answered(one));
  for (const one of all) one.hidden = !(everything || answered(one) || one === next || (waiting && one === shown));
  if (next?.hidden === false && !everything) all.filter(answered).at(-1)?.after(next);
  tell(waiting, next, all.some((one) => one.hidden));
  if (goOn && !waiting) { goOn = false; step(box, next); }
}
function tell(waiting, next, more) {
  const line = document.querySelector("#asking");
  const settled = !waiting && !next && !offline;
  const facts = document.querySelector("#preview .open-facts");
  line.textContent = offline ? line.dataset.textOffline : waiting ? line.dataset.textWait : settled && chosen ? (facts ? line.dataset.textFacts : line.dataset.textSettled) : "";
  const rest = document.querySelector("#questions [data-ask-all]");
  if (rest) rest.hidden = !(settled && more && chosen);
}
function step(box, next) {
  const at = document.activeElement;
  if (at && at !== document.body && !box.contains(at) && at.id !== "f-type") return;
  (next?.querySelector("input") || document.querySelector("#preview [data-show]") || document.querySelector("#f-narrative"))?.focus();
}
document.addEventListener("change", (event) => { if (event.target.id === "f-language") speak(); });
document.addEventListener("keydown", (event) => { byArrow = event.key.startsWith("Arrow"); }, true);
document.addEventListener("pointerdown", () => { byArrow = false; }, true);
document.addEventListener("change", (event) => {
  if (!event.target.closest?.("#questions")) return;
  goOn = !byArrow;
  wait();
});
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-ask-all]")) { document.querySelector("#questions").dataset.all = "1"; arrange(); questions().find((one) => !answered(one))?.querySelector("input").focus(); }
  const show = event.target.closest?.("[data-show]");
  const field = show && form()?.elements[show.dataset.show];
  if (field) { field.closest("details").open = true; field.focus(); field.scrollIntoView({ block: "nearest" }); }
  const suggestion = event.target.closest?.("[data-suggests]");
  if (suggestion) { choose(types().find((type) => type.code === suggestion.dataset.suggests)); goOn = true; document.querySelector("#f-type").focus(); }
});
document.addEventListener("htmx:configRequest", (event) => { event.detail.due = due; });
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "preview") {
    offline = false;
    seen = Math.max(seen, event.detail.requestConfig?.due ?? 0);
    arrange();
  }
  else if (event.detail.target?.id === "questions") { loading = false; delete event.detail.target.dataset.all; arrange(); }
});
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    if (!event.detail.elt?.closest?.("#preview, #questions")) return;
    loading = false;
    offline = true;
    arrange();
  });
}
// A route against the rules needs a reason from the list.
document.addEventListener("change", (event) => {
  if (event.target.name !== "override_route" || event.target.form !== form()) return;
  document.querySelector("#f-why").required = Boolean(event.target.value);
});

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
  else if (event.key === "Enter" && !event.ctrlKey) { event.preventDefault(); goOn = true; choose(typeOf(active())); }
  else if (event.key === "Tab") choose(typeOf(active()));
  else if (event.key === "Escape") { event.preventDefault(); close(); }
}, true);
document.addEventListener("focusout", (event) => { if (event.target.id === "f-type") { close(); settleType(); } });
document.addEventListener("mousedown", (event) => {
  const item = event.target.closest?.("#f-type-list [role=option]");
  if (item) { event.preventDefault(); choose(typeOf(item)); }
});

// Enter goes on to the next field, as Tab does. It saves nothing: a call is made on purpose, by Ctrl Enter, Save or F9, and
// so no call without a type is made by the way.
const fields = () => [...form().elements].filter((one) => one.matches("input:not([type=hidden]), select, textarea, .save") && !one.disabled && one.checkVisibility?.() !== false);
function onward(from) {
  const all = fields();
  const next = all.slice(all.indexOf(from) + 1).find((one) => one.type !== "radio" || one.name !== from.name);
  next?.focus();
}
document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.defaultPrevented || event.isComposing) return;
  if (!form() || at.form !== form() || !at.matches("input")) return;
  event.preventDefault();
  if (at.id !== "f-type" || !at.value.trim()) onward(at);
  else if (!types().some((type) => type.code.toLowerCase() === at.value.trim().toLowerCase())) { settleType(); at.select(); }
  else { goOn = true; settleType(); arrange(); }
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

document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "pane") { chosen = ""; seen = due; loading = false; arrange(); } });
for (const name of ["cso:restored", "cso:cleared"]) {
  document.addEventListener(name, (event) => {
    if (event.target !== form()) return;
    settleType();
    showJoin();
    wait();
    preview(50);
  });
}
// htmx listens from here on.
document.addEventListener("DOMContentLoaded", () => { if (form()) { settleType(); showJoin(); arrange(); } });
