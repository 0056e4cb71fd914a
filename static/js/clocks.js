// Ticking times. The server sends moments; the browser counts, with the server's clock and not its own.
// Lateness shows from the due time even when nothing answers any more.

const root = document.documentElement;
const zone = root.dataset.zone || "UTC";
const late = root.dataset.wordLate || "late";
const arrival = () => {
  const [entry] = performance.getEntriesByType("navigation");
  return entry ? performance.timeOrigin + entry.responseStart : Date.now();
};
let offset = Date.parse(root.dataset.now) - arrival() || 0;
export const now = () => Date.now() + offset;

document.addEventListener("cso:time", (event) => { offset = Date.parse(event.detail) - Date.now() || 0; });

const wallClock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const zoneName = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "short" });
const two = (n) => String(n).padStart(2, "0");

export function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  if (s < 86400) return `${Math.floor(s / 3600)}h ${two(Math.floor((s % 3600) / 60))}`;
  return `${Math.floor(s / 86400)}d ${Math.floor((s % 86400) / 3600)}h`;
}

function put(element, text) { if (element.textContent !== text) element.textContent = text; }

function due(element, at) {
  const left = (Date.parse(element.dataset.due) - at) / 1000;
  const isLate = left <= 0;
  element.classList.toggle("late", isLate);
  element.classList.toggle("soon", !isLate && left < 60);
  put(element, isLate ? `${late} ${span(-left)}` : span(left));
}

const told = new Set();
let first = true;

function rows(at) {
  const fresh = [];
  for (const row of document.querySelectorAll("[data-due]:not(time)")) {
    const isLate = Date.parse(row.dataset.due) <= at;
    if (isLate !== row.hasAttribute("data-late")) row.toggleAttribute("data-late", isLate);
    const key = `${row.id}|${row.dataset.due}`;
    if (!isLate || !row.id || told.has(key)) continue;
    told.add(key);
    if (!first) fresh.push(row);
  }
  if (fresh.length) announce(fresh);
  first = false;
}

function announce(fresh) {
  const place = document.querySelector("#announce");
  const names = fresh.map((row) => `${row.querySelector("th")?.textContent.trim() || ""} ${row.querySelector(".what, .clock-label")?.textContent.trim() || ""}`);
  if (place) place.textContent = `${names.join(", ")} ${place.dataset.late}`;
  document.dispatchEvent(new CustomEvent("cso:late", { detail: { ids: fresh.map((row) => row.id) } }));
}

export function tick() {
  const at = now();
  for (const element of document.querySelectorAll("time[data-since]")) put(element, span((at - Date.parse(element.dataset.since)) / 1000));
  for (const element of document.querySelectorAll("time[data-due]")) due(element, at);
  rows(at);
  const clock = document.querySelector("#clock");
  if (clock) {
    const name = zoneName.formatToParts(at).find((part) => part.type === "timeZoneName")?.value || "";
    put(clock, `${wallClock.format(at)} ${name}`);
  }
}

tick();
setInterval(tick, 1000);
for (const name of ["cso:patched", "htmx:afterSwap", "htmx:afterSettle"]) document.addEventListener(name, tick);
document.addEventListener("visibilitychange", tick);
