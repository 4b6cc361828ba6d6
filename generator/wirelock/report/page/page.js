"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const list = one("#list");
  const search = one("#search");
  const code = one("#code");
  const count = one("#count");
  const nothing = one("#nothing");
  const cards = all(".finding");
  const texts = new Map(cards.map((card) => [card, card.textContent.toLowerCase()]));
  let current = null;

  // which findings are shown

  const levels = () => new Set(all(".levels button[aria-pressed=true]").map((button) => button.dataset.level));

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = levels();
    let shown = 0;
    for (const card of cards) {
      const fits = chosen.has(card.dataset.level) && (!code.value || code.value === card.dataset.code)
        && words.every((word) => texts.get(card).includes(word));
      card.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    for (const bucket of all(".bucket", list)) {
      const left = all(".finding", bucket).filter((card) => !card.hidden).length;
      bucket.hidden = left === 0;
      one("h3 span", bucket).textContent = left === 1 ? "1 finding" : `${left} findings`;
    }
    if (count) count.textContent = `${shown} of ${cards.length} shown`;
    nothing.hidden = shown > 0;
  };

  const arrange = (by) => {
    const buckets = new Map();
    for (const card of cards) {
      const name = card.dataset[by] || (by === "file" ? "no file" : "no endpoint");
      if (!buckets.has(name)) {
        const bucket = document.createElement("section");
        const title = document.createElement("h3");
        bucket.className = "bucket";
        title.append(name, document.createElement("span"));
        bucket.append(title);
        buckets.set(name, bucket);
      }
      buckets.get(name).append(card);
    }
    list.replaceChildren(...buckets.values());
    all(".by button").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.by === by)));
    filter();
  };

  const press = (button) => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    filter();
  };

  // moving about

  const go = (step) => {
    const shown = all(".finding", list).filter((card) => !card.hidden);
    if (!shown.length) return;
    const at = shown.indexOf(current);
    const next = shown[Math.min(shown.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    current?.classList.remove("current");
    current = next;
    current.classList.add("current");
    one("summary", current).focus({ preventScroll: true });
    current.scrollIntoView({ block: "nearest" });
  };

  const toggleAll = () => {
    const details = cards.filter((card) => !card.hidden).map((card) => one("details", card));
    const open = details.some((item) => !item.open);
    details.forEach((item) => { item.open = open; });
  };

  const show = (id) => {
    const card = id.startsWith("finding-") ? document.getElementById(id) : null;
    if (!card) return;
    card.hidden = false;
    one("details", card).open = true;
    card.scrollIntoView({ block: "start" });
  };

  // light and dark

  const themes = ["auto", "light", "dark"];
  const recall = () => { try { return localStorage.getItem("wirelock-theme"); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem("wirelock-theme", theme); } catch { /* a page without storage */ } };
  const theme = (name) => {
    document.documentElement.dataset.theme = name;
    one("#theme").textContent = `Theme: ${name}`;
  };
  const nextTheme = () => {
    const name = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length];
    keep(name);
    theme(name);
  };

  // coverage

  const gaps = (button) => {
    const only = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(only));
    all("#coverage .rows > li").forEach((row) => { row.hidden = only && !row.classList.contains("gap"); });
    all("#coverage .service").forEach((service) => { service.hidden = only && !one(".gap", service); });
  };

  // what the page listens to

  const help = one("#keys");
  const toggleHelp = () => (help.open ? help.close() : help.showModal());
  const keys = {
    "/": () => { search.focus(); search.select(); },
    j: () => go(1),
    k: () => go(-1),
    o: () => { if (current) one("details", current).open = !one("details", current).open; },
    a: toggleAll,
    b: () => arrange(one(".by button[aria-pressed=true]").dataset.by === "file" ? "endpoint" : "file"),
    t: nextTheme,
    "?": toggleHelp,
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      filter();
      search.blur();
      return;
    }
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
    if (help.open && event.key !== "?") return;
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
  document.addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-search]");
    if (wanted) {
      search.value = wanted.dataset.search;
      filter();
    }
  });
  search.addEventListener("input", filter);
  code.addEventListener("change", filter);
  all(".levels button").forEach((button) => button.addEventListener("click", () => press(button)));
  all(".by button").forEach((button) => button.addEventListener("click", () => arrange(button.dataset.by)));
  one("#all").addEventListener("click", toggleAll);
  one("#theme").addEventListener("click", nextTheme);
  one("#help").addEventListener("click", toggleHelp);
  one("#close").addEventListener("click", toggleHelp);
  one("#gaps")?.addEventListener("click", (event) => gaps(event.currentTarget));
  window.addEventListener("hashchange", () => show(location.hash.slice(1)));
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    closed.forEach((item) => { item.open = true; });
  });
  window.addEventListener("afterprint", () => closed.forEach((item) => { item.open = false; }));

  all(".script").forEach((item) => { item.hidden = false; });
  const kept = recall();
  theme(themes.includes(kept) ? kept : "auto");
  arrange("file");
  show(location.hash.slice(1));
})();
