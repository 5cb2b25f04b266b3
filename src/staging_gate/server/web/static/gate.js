// Keeps the live part of a page up to date, and signs in from a link's fragment (which never leaves the browser).
"use strict";

const live = document.getElementById("live");
if (live) {
  let asking = false, again = false;
  const refresh = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(live.dataset.source, { credentials: "same-origin" });
      if (answer.status === 401) { location.href = "/login"; return; }
      if (answer.ok) { live.innerHTML = await answer.text(); document.body.classList.remove("away"); }
    } catch { document.body.classList.add("away"); }
    asking = false;
    if (again) { again = false; refresh(); }
  };
  const events = new EventSource("/api/v1/events");
  events.onmessage = refresh;
  events.onerror = () => document.body.classList.add("away");
}

const field = document.querySelector(".signin input[name=token]");
if (field && location.hash.startsWith("#sgt_")) {
  field.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  field.form.requestSubmit();
}
