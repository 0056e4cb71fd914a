// What the officer tapped while the link was away: kept in order with the time of the tap, sent when it is back.

const KEY = `outbox:${document.body.dataset.agency}:${document.body.dataset.member}`;
const note = document.querySelector("#outbox");
const read = () => { try { return JSON.parse(localStorage.getItem(KEY)) || []; } catch { return []; } };
const write = (items) => { localStorage.setItem(KEY, JSON.stringify(items)); show(items); };

function show(items) {
  if (!note) return;
  note.hidden = items.length === 0;
  note.textContent = `${note.dataset.text} ${items.map((item) => item.label).join(", ")}`;
}
const labelOf = (config) => config.triggeringEvent?.submitter?.dataset.outbox || config.elt?.dataset?.outbox;

document.addEventListener("htmx:configRequest", (event) => {
  const config = event.detail;
  if (config.verb !== "post") return;
  if (!config.parameters.occurred_at) config.parameters.occurred_at = new Date().toISOString();
  if (read().length && labelOf(config)) { event.preventDefault(); queue(config); }
});
function queue(config) {
  const fields = config.formData ? Object.fromEntries(config.formData) : { ...config.parameters };
  delete fields.csrfmiddlewaretoken;
  write([...read(), { url: config.path, fields, label: labelOf(config) }]);
}
const keep = ({ detail: { requestConfig: config } }) => { if (config?.verb === "post" && labelOf(config)) queue(config); };
for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, keep);
// The link is there, and the console, or its database, is not.
document.addEventListener("htmx:responseError", (event) => {
  if ([502, 503, 504].includes(event.detail.xhr.status)) keep(event);
});

const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
let busy = false;
async function flush() {
  if (busy || !read().length) return;
  busy = true;
  try {
    while (read().length) {
      const [item] = read();
      const answer = await fetch(item.url, { method: "POST", body: new URLSearchParams(item.fields), headers: { "X-CSRFToken": token(), "HX-Request": "true" }, signal: AbortSignal.timeout(8000) });
      if (answer.status >= 500 || answer.url.includes("/accounts/login/")) break;
      write(read().slice(1));
    }
    window.htmx?.trigger("#tablet", "refresh");
  } catch { /* still away: the next round tries again */ } finally { busy = false; }
}
addEventListener("online", flush);
setInterval(flush, 5000);
show(read());
flush();
