// Keeps the live part of a page up to date, and signs in from a link's fragment (which never leaves the browser).
"use strict";

const live = document.getElementById("live");
let serverAhead = 0; // milliseconds by which the server's clock is ahead of ours

function length(seconds) {
  if (seconds < 60) return seconds.toFixed(1) + " s";
  return Math.floor(seconds / 60) + " min " + String(Math.floor(seconds % 60)).padStart(2, "0") + " s";
}

function roughly(seconds) {
  if (seconds < 60) return Math.floor(seconds) + " s";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min";
  return seconds < 86400 ? Math.floor(seconds / 3600) + " h" : Math.floor(seconds / 86400) + " d";
}

function ago(seconds) {
  if (Math.abs(seconds) < 10) return "just now";
  return seconds < 0 ? "in " + roughly(-seconds) : roughly(seconds) + " ago";
}

function passed(moment) {
  return (Date.now() + serverAhead - Date.parse(moment)) / 1000;
}

function tick() {
  for (const one of live.querySelectorAll("[data-since]")) one.textContent = length(Math.max(0, passed(one.dataset.since)));
  for (const one of live.querySelectorAll("time")) one.textContent = ago(passed(one.dateTime));
}

function setClock() {
  const now = live.querySelector("[data-now]");
  if (now) serverAhead = Date.parse(now.dataset.now) - Date.now();
  tick();
}

if (live) {
  let asking = false, again = false;
  const refresh = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(live.dataset.source, { credentials: "same-origin" });
      if (answer.status === 401) { location.href = "/login"; return; }
      if (answer.ok) { live.innerHTML = await answer.text(); setClock(); document.body.classList.remove("away"); }
    } catch { document.body.classList.add("away"); }
    asking = false;
    if (again) { again = false; refresh(); }
  };
  setClock();
  setInterval(tick, 200);
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
