// Nothing typed is ever lost: not by a reload, a crash, a patch from the stream, nor a sign-in that ran out.
// Each form with data-draft keeps the fields a person touched, per member and browser, for twelve hours.
// The intake keeps one draft per window; a draft of a window that is gone can be brought back.

const HOURS = 12;
const member = document.body.dataset.member || "0";
const agency = document.body.dataset.agency || "";
const PREFIX = `draft:${agency}:${member}:`;

function windowId() {
  let id = sessionStorage.getItem("window");
  if (!id) sessionStorage.setItem("window", (id = Math.random().toString(36).slice(2, 10)));
  return id;
}
const NEW = "new-call";
const keyOf = (form) => PREFIX + form.dataset.draft + (form.dataset.draft === NEW ? `:${windowId()}` : "");

function read(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key));
    return draft && Date.now() - draft.at < HOURS * 3600e3 ? draft : null;
  } catch { return null; }
}
function write(key, draft) {
  try { localStorage.setItem(key, JSON.stringify({ ...draft, at: Date.now() })); return true; } catch { return false; }
}

function keep(field) {
  const form = field.form;
  if (!form?.dataset.draft || !field.name || field.type === "file" || field.name === "csrfmiddlewaretoken") return;
  const key = keyOf(form);
  const draft = read(key) || { fields: {} };
  draft.fields[field.name] = field.type === "checkbox" ? field.checked : field.value;
  const once = form.elements.once;
  if (once) draft.fields.once = once.value;
  const done = write(key, draft);
  const note = form.querySelector("#kept");
  if (note && done) note.textContent = note.dataset.text;
}

export function restore(form) {
  const draft = read(keyOf(form));
  if (!draft) return;
  let changed = false;
  for (const [name, value] of Object.entries(draft.fields)) {
    const field = form.elements[name];
    if (!field || (field === document.activeElement && field.value !== field.defaultValue)) continue;
    if (field.type === "checkbox") { changed ||= field.checked !== value; field.checked = value; }
    else if (field.value !== value) { field.value = value; changed = true; }
    open(field);
  }
  if (changed) form.dispatchEvent(new CustomEvent("cso:restored", { bubbles: true }));
}
function open(field) {
  const one = field instanceof RadioNodeList ? field[0] : field;
  if (one?.value || one?.checked) { const box = one.closest("details.more"); if (box && one.type !== "radio") box.open = true; }
}

export function forget(form) { localStorage.removeItem(keyOf(form)); offer(); }

function restoreAll() {
  for (const form of document.querySelectorAll("form[data-draft]")) restore(form);
  offer();
}

// Half-typed calls that no open panel shows.
function orphans() {
  const own = document.querySelector("#intake-form") ? PREFIX + NEW + ":" + windowId() : null;
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX + NEW) && key !== own && hasWords(read(key)));
}
const hasWords = (draft) => draft && Object.entries(draft.fields).some(([name, value]) => name !== "once" && name !== "source" && value);

function offer() {
  const button = document.querySelector("#drafts");
  if (!button) return;
  const found = orphans();
  button.hidden = found.length === 0;
  const words = button.querySelector("span");
  words.textContent = words.dataset.text + (found.length > 1 ? ` (${found.length})` : "");
}
function adopt() {
  const [key] = orphans();
  const mine = PREFIX + NEW + ":" + windowId();
  const form = document.querySelector("#intake-form");
  if (key && key !== mine) {
    const here = read(mine);
    if (form && hasWords(here)) write(`${PREFIX}${NEW}:${Math.random().toString(36).slice(2, 10)}`, here);
    write(mine, read(key));
    localStorage.removeItem(key);
  }
  if (form) { form.reset(); restoreAll(); } else document.querySelector('[data-open="new"]')?.click();
}

document.addEventListener("input", (event) => keep(event.target));
document.addEventListener("change", (event) => keep(event.target));
document.addEventListener("click", (event) => {
  if (event.target.closest?.("#drafts")) adopt();
  const clear = event.target.closest?.("[data-clear-draft]");
  if (clear) { forget(clear.form); clear.form.reset(); clear.form.dispatchEvent(new CustomEvent("cso:cleared", { bubbles: true })); }
});
document.addEventListener("htmx:afterRequest", (event) => {
  const { requestConfig, successful, xhr } = event.detail;
  const elt = requestConfig?.elt || event.detail.elt; // the form itself, also when its panel was swapped away
  const refusedByLogin = (xhr?.responseURL || "").includes("/accounts/login/");
  if (successful && !refusedByLogin && elt.matches?.("form[data-draft]")) { forget(elt); elt.reset(); }
  if (successful && elt.matches?.("form[data-reset]")) elt.reset();
});
// A form sent without htmx was taken where its answer leads to another page; a refusal, a sign-in or no answer does not.
const SENT = "sent-draft";
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches?.("form[data-draft]:not([hx-post])")) sessionStorage.setItem(SENT, JSON.stringify({ key: keyOf(form), at: read(keyOf(form))?.at }));
});
function settleSent() {
  const { key, at } = JSON.parse(sessionStorage.getItem(SENT) || "{}");
  sessionStorage.removeItem(SENT);
  const arrival = performance.getEntriesByType("navigation")[0];
  const taken = arrival?.type === "navigate" && arrival.redirectCount > 0 && !location.pathname.startsWith("/accounts/");
  if (key && taken && read(key)?.at === at) localStorage.removeItem(key);
}
document.addEventListener("submit", (event) => {
  if (!event.target.matches?.("[data-sign-out]")) return;
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
});
for (const name of ["htmx:afterSettle", "cso:patched"]) document.addEventListener(name, restoreAll);
addEventListener("storage", offer);
for (const key of Object.keys(localStorage)) if (key.startsWith("draft:") && !read(key)) localStorage.removeItem(key);
settleSent();
restoreAll();
