// The board in the browser: calls open in the panel beside it, filters live in the address, rows keep their place.

const pane = document.querySelector("#pane");
const filters = document.querySelector("#filters");
const htmx = window.htmx;

// A refresh that was asked for before another call came into the panel is too late.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { elt, verb, path } = event.detail.requestConfig;
  const shownNow = document.querySelector("#call")?.getAttribute("hx-get");
  if (verb === "get" && elt.id === "call" && shownNow && shownNow !== path) event.detail.shouldSwap = false;
});

const address = (change) => {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(change)) value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
  return url;
};
const shown = () => (document.querySelector("#intake") ? "new" : document.querySelector("#pane #call")?.dataset.number || "");

function load(open) {
  if (!open) { pane.replaceChildren(); settle(); return; }
  const path = open === "new" ? pane.dataset.new : `${location.pathname.replace(/board\/$/, "calls/")}${open}/`;
  htmx.ajax("GET", path, { target: "#pane", swap: "innerHTML" });
}
function settle() {
  const open = shown();
  if (new URL(location.href).searchParams.get("open") !== (open || null)) history.pushState({}, "", address({ open }));
  mark(open);
}
function mark(open = shown()) {
  for (const row of document.querySelectorAll('.call-row[aria-current="true"]')) if (row.id !== `call-${open}`) row.removeAttribute("aria-current");
  document.getElementById(`call-${open}`)?.setAttribute("aria-current", "true");
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const link = event.target.closest?.("[data-open]");
  const row = event.target.closest?.(".call-row, .unit-row");
  const away = event.target.closest?.("[data-put-away]");
  if (!pane) { if (row && !link) row.querySelector("a")?.click(); return; }
  if (link) { event.preventDefault(); load(link.dataset.open); }
  else if (away) { event.preventDefault(); const last = shown(); load(""); document.querySelector(`#call-${CSS.escape(last)} a`)?.focus(); }
  else if (row && !event.target.closest("a, button")) row.querySelector("[data-open]")?.click();
});

if (pane) {
  // A browser is content with half of a field; this minds what the panel's head and foot cover.
  pane.addEventListener("focusin", (event) => { if (event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])")) event.target.scrollIntoView({ block: "nearest" }); });
  document.addEventListener("cso:open", (event) => load(event.detail.number));
  addEventListener("popstate", () => load(new URL(location.href).searchParams.get("open") || ""));
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target !== pane) return;
    settle();
    pane.scrollTop = 0;
    const first = pane.querySelector("[autofocus]");
    if (first) first.focus();
    else { const title = pane.querySelector("h2"); title?.setAttribute("tabindex", "-1"); title?.focus(); }
  });
}

// Filters: the server sends every row once for everybody, each window shows what its address says.
function wanted(row, want) {
  if (want.get("route") && row.dataset.route !== want.get("route")) return false;
  if (want.get("late") && !row.hasAttribute("data-late")) return false;
  if (want.get("unassigned") && row.dataset.unassigned !== "1") return false;
  const words = (want.get("q") || "").toLowerCase().split(/\s+/).filter(Boolean);
  const text = words.length ? row.textContent.toLowerCase() : "";
  return words.every((word) => text.includes(word));
}
function filter() {
  if (!filters) return;
  const want = new FormData(filters);
  const rows = document.querySelectorAll("#calls > tr");
  let visible = 0;
  for (const row of rows) { const hide = !wanted(row, want); if (row.hidden !== hide) row.hidden = hide; visible += hide ? 0 : 1; }
  const shownCount = filters.querySelector("#shown");
  if (shownCount) shownCount.textContent = visible === rows.length ? String(rows.length) : `${visible} ${shownCount.dataset.text} ${rows.length}`;
  const free = document.querySelector("#free");
  if (free) free.textContent = `${document.querySelectorAll('.unit-row[data-group="free"]:not([data-danger])').length} ${free.dataset.text}`;
}
if (filters) {
  const kept = new URL(location.href).searchParams;
  for (const name of ["route", "late", "unassigned", "q"]) {
    const field = filters.elements[name];
    if (!kept.get(name) || !field) continue;
    if (field.type === "checkbox") field.checked = true; else field.value = kept.get(name);
  }
  filters.addEventListener("input", () => {
    const want = new FormData(filters);
    history.replaceState({}, "", address({ route: want.get("route"), late: want.get("late"), unassigned: want.get("unassigned"), q: want.get("q") }));
    filter();
  });
  filters.addEventListener("submit", (event) => event.preventDefault());
  setInterval(filter, 1000);
}
// A unit that is in danger is not to look calm among the others.
function endanger() {
  const inDanger = new Set([...document.querySelectorAll(".alarm[data-unit]")].map((alarm) => `unit-${alarm.dataset.unit}`));
  for (const row of document.querySelectorAll(".unit-row")) row.toggleAttribute("data-danger", inDanger.has(row.id));
}
document.addEventListener("cso:patched", (event) => {
  for (const id of event.detail?.ids || []) {
    const row = document.getElementById(id);
    row?.classList.remove("fresh");
    requestAnimationFrame(() => row?.classList.add("fresh"));
  }
  endanger();
  filter();
  mark();
});
endanger();
filter();
if (pane) mark();
