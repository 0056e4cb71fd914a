// Runs before the first paint, so that a night shift is not met by a white flash. Without a choice the system decides.
(() => {
  const root = document.documentElement;
  const kept = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const show = (theme) => (theme ? root.setAttribute("data-theme", theme) : root.removeAttribute("data-theme"));
  show(kept());
  addEventListener("storage", (event) => { if (event.key === "theme") show(event.newValue); });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#theme")) return;
    const night = getComputedStyle(root).colorScheme === "dark"
      || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    const next = night ? "day" : "night";
    show(next);
    try { localStorage.setItem("theme", next); } catch { /* private window: the choice lasts for this page */ }
  });
})();
