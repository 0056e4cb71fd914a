// The keyboard. Single letters can be switched off (someone who speaks to the machine types letters by talking);
// function keys, Ctrl keys and Escape always work.

let single = localStorage.getItem("single-keys") !== "off";
const help = document.querySelector("#keys");
const box = document.querySelector("#single-keys");
if (box) {
  box.checked = single;
  box.addEventListener("change", () => { single = box.checked; localStorage.setItem("single-keys", single ? "on" : "off"); mark(); });
}
const mark = () => document.documentElement.toggleAttribute("data-no-single-keys", !single);
mark();

const typing = (element) => element.matches?.("textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=button])");
const seen = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;

document.addEventListener("click", (event) => { if (event.target.closest?.("#help")) help?.showModal(); });

function find(key) {
  const matches = [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].filter(seen);
  return matches.find((element) => element.closest("#pane, #call")) || matches[0];
}
function use(element) {
  if (element.matches("details")) {
    element.open = true;
    const first = element.querySelector("input:not([type=hidden]), select, textarea, button");
    element.scrollIntoView({ block: "nearest" });
    first?.focus();
  } else if (element.matches("input, textarea, select")) element.focus();
  else element.click();
}

function answer(event) {
  const question = event.target.closest?.("[data-question]");
  const value = { y: "yes", n: "no", u: "unknown" }[event.key.toLowerCase()];
  if (!question || !value) return false;
  // Which question comes next is being looked up: a key now would answer one that nobody has read.
  if (question.closest("[aria-busy=true]")) return true;
  const radio = question.querySelector(`input[value="${value}"]`);
  radio.checked = true;
  radio.dispatchEvent(new Event("change", { bubbles: true }));
  if (question.closest("#questions")) return true; // intake.js goes on
  const next = question.nextElementSibling?.matches?.("[data-question]") ? question.nextElementSibling : null;
  (next?.querySelector("input") || question.closest("form")?.querySelector("#f-narrative, [data-submit]"))?.focus();
  return true;
}

function step(by) {
  const links = [...document.querySelectorAll("#calls tr:not([hidden]) th a")];
  const at = links.indexOf(document.activeElement);
  const link = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  link?.focus();
  link?.scrollIntoView({ block: "nearest" });
}

function emergency() {
  const button = [...document.querySelectorAll("button[data-emergency]")].find(seen);
  if (button) button.click();
  else document.querySelector('[data-open="new"]')?.click();
}

function always(event) {
  if (event.key === "F9") { emergency(); return true; }
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { document.querySelector("#command")?.focus(); return true; }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    const form = event.target.form || document.querySelector("#intake-form");
    const button = form?.querySelector("[data-submit]");
    if (button) { form.requestSubmit(button); return true; }
  }
  return false;
}

function letter(event) {
  const key = event.key.toLowerCase();
  if (event.key === "?") { help?.showModal(); return true; }
  if (event.key === "/") { document.querySelector("#command")?.focus(); return true; }
  if (answer(event)) return true;
  if (key === "j" || key === "k") { step(key === "j" ? 1 : -1); return true; }
  const element = find(key);
  if (element) use(element);
  return Boolean(element);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || help?.open) return;
  if (always(event)) { event.preventDefault(); return; }
  if (event.key === "Escape") { event.target.blur?.(); document.querySelector("#pane [data-put-away]")?.click(); return; }
  if (!single || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (letter(event)) event.preventDefault();
});
document.addEventListener("htmx:afterRequest", (event) => {
  if (!event.detail.elt.matches?.("form.command")) return;
  const box = document.querySelector("#command");
  if (box.value !== event.detail.requestConfig.parameters.text) return; // she is typing the next one already
  // What was refused stays, and the next line takes its place as soon as it is typed.
  if (event.detail.successful) event.detail.elt.reset(); else box.select();
});
document.addEventListener("cso:open", (event) => {
  if (!document.querySelector("#pane")) location.assign(event.detail.href);
});
