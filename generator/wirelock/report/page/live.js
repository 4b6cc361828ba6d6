"use strict";
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const MOST = 500;
  const LOOKS = {
    conforming: "good", violating: "bad", failed: "bad", undocumented_status: "odd", undocumented_media_type: "odd", stream: "info",
  };
  const flow = one("#flow");
  const search = one("#search");
  const help = one("#keys");
  const rows = new Map();
  let current = null;
  let held = null;

  // traffic: everything in it is text, and becomes nothing else

  const made = (name, style, text) => {
    const node = document.createElement(name);
    if (style) node.className = style;
    if (text !== undefined) node.textContent = text;
    return node;
  };

  const printable = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/gu, (char) => `\\u${char.codePointAt(0).toString(16).padStart(4, "0")}`);

  const isFaulty = (seen) => seen.findings.some((one) => one.level === "error");

  const look = (seen) => seen.outcome === "stream" && isFaulty(seen) ? "bad" : LOOKS[seen.outcome] || "none";

  const isWrong = (seen) => LOOKS[seen.outcome] === "bad" || LOOKS[seen.outcome] === "odd" || isFaulty(seen);

  const notes = (seen) => {
    const list = made("ul");
    if (seen.rpc) list.append(made("li", "muted", `${seen.rpc}, ${seen.bytes} bytes`));
    for (const found of seen.findings) {
      const item = made("li");
      item.append(made("span", `level ${found.level}`, found.level), " ", made("code", "", found.code), printable(found.message));
      list.append(item);
    }
    if (!seen.findings.length) list.append(made("li", "muted", seen.outcome ? "nothing was found in it" : "not checked yet"));
    return list;
  };

  const show = (seen) => {
    const item = made("li", look(seen));
    const details = made("details");
    const summary = made("summary");
    summary.append(
      made("span", "time", seen.time), made("span", "method", printable(seen.method)), made("span", "path", printable(seen.url)),
      made("span", "status", seen.status || "-"), made("span", "outcome", seen.outcome.replaceAll("_", " ") || "not checked"),
      made("span", "took", `${seen.milliseconds} ms`),
    );
    details.append(summary, notes(seen));
    item.append(details);
    item.seen = seen;
    item.words = [seen.method, seen.url, seen.status, seen.outcome, seen.rpc, ...seen.findings.map((one) => `${one.code} ${one.message}`)]
      .join(" ").toLowerCase();
    const known = rows.get(seen.index);
    if (known) {
      one("details", item).open = one("details", known).open;
      if (known === current) current = item;
      item.classList.toggle("current", known === current || item === current);
      known.replaceWith(item);
    } else {
      flow.prepend(item);
    }
    rows.set(seen.index, item);
    for (const index of rows.keys()) {
      if (rows.size <= MOST) break;
      rows.get(index).remove();
      rows.delete(index);
    }
    fit(item);
  };

  const fit = (item) => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = one("#wrong").getAttribute("aria-pressed") === "true";
    item.hidden = !(words.every((word) => item.words.includes(word)) && (!only || isWrong(item.seen)));
  };

  const count = () => {
    const shown = [...rows.values()].filter((item) => !item.hidden).length;
    one("#count").textContent = rows.size ? `${shown} of the last ${rows.size} shown` : "nothing yet";
    one("#nothing").hidden = rows.size > 0;
  };

  const filter = () => {
    rows.forEach(fit);
    count();
  };

  // findings and coverage: parts of the report, escaped where they were made

  const put = (id, html) => {
    const part = document.getElementById(id);
    const known = new Map(all("details", part).map((details) => [details.dataset.key, details.open]));
    const focused = part.contains(document.activeElement) && document.activeElement.closest("details");
    part.innerHTML = html;
    for (const details of all("details", part)) {
      const open = known.get(details.dataset.key);
      if (open !== undefined) details.open = open;
      if (focused && focused.dataset.key === details.dataset.key) one("summary", details).focus({ preventScroll: true });
    }
  };

  const take = (kind, value) => {
    if (held) {
      held.push([kind, value]);
      if (held.length > 2 * MOST) held.shift();
      return;
    }
    if (kind === "exchange") show(value);
    else for (const [id, html] of Object.entries(value)) put(id, html);
  };

  const link = (state, words) => {
    one("#link").className = `link ${state}`;
    one("#link").textContent = words;
  };

  const listen = () => {
    const source = new EventSource("events");
    source.addEventListener("open", () => link("live", "live"));
    source.addEventListener("error", () => {
      link("lost", "connection lost");
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
    });
    for (const kind of ["exchange", "state"]) {
      source.addEventListener(kind, (event) => {
        take(kind, JSON.parse(event.data));
        count();
      });
    }
  };

  // moving about

  const go = (step) => {
    const shown = all("#flow > li").filter((item) => !item.hidden);
    if (!shown.length) return;
    const at = shown.indexOf(current);
    current?.classList.remove("current");
    current = shown[Math.min(shown.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    current.classList.add("current");
    one("summary", current).focus({ preventScroll: true });
    current.scrollIntoView({ block: "nearest" });
  };

  const press = (button) => {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(pressed));
    return pressed;
  };

  const onlyWrong = () => {
    press(one("#wrong"));
    filter();
  };

  const pause = () => {
    if (press(one("#pause"))) {
      held = [];
      return;
    }
    const waiting = held;
    held = null;
    waiting.forEach(([kind, value]) => take(kind, value));
    count();
  };

  const toggleHelp = () => { if (help.open) help.close(); else help.showModal(); };

  // light and dark

  const themes = ["auto", "light", "dark"];
  const recall = () => { try { return localStorage.getItem("wirelock-theme"); } catch { return null; } };
  const keep = (name) => { try { localStorage.setItem("wirelock-theme", name); } catch { /* a page without storage */ } };
  const theme = (name) => {
    document.documentElement.dataset.theme = name;
    one("#theme").textContent = `Theme: ${name}`;
  };
  const nextTheme = () => {
    const name = themes[(themes.indexOf(document.documentElement.dataset.theme) + 1) % themes.length];
    keep(name);
    theme(name);
  };

  const keys = {
    "/": () => search.focus(),
    j: () => go(1),
    k: () => go(-1),
    o: () => { if (current) one("details", current).open = !one("details", current).open; },
    w: onlyWrong,
    p: pause,
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
      event.preventDefault();
      search.value = wanted.dataset.search;
      filter();
      one("#traffic").scrollIntoView();
    }
  });
  search.addEventListener("input", filter);
  one("#wrong").addEventListener("click", onlyWrong);
  one("#pause").addEventListener("click", pause);
  one("#theme").addEventListener("click", nextTheme);
  one("#help").addEventListener("click", toggleHelp);
  one("#close").addEventListener("click", toggleHelp);

  const kept = recall();
  theme(themes.includes(kept) ? kept : "auto");
  count();
  listen();
})();
