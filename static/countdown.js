// Counts a hold down. The server says how many seconds are left, so a wrong clock here does no harm;
// it rounds up, and so does this: nobody is told too early that the time is over.
"use strict";

const countdown = document.querySelector(".countdown");
const warning = document.querySelector(".countdown-warning");
const over = document.querySelector(".countdown-end");
const WARN_AT = 120; // seconds
const end = Date.now() + Number(countdown.dataset.seconds) * 1000;
const board = countdown.querySelector(".time-left");

function show() {
  const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  board.textContent = time;
  board.hidden = false;
  countdown.classList.toggle("countdown-soon", left <= WARN_AT);
  warning.hidden = left > WARN_AT || left === 0;
  over.hidden = left > 0;
  // What was typed stays on the page: nothing is reloaded by itself.
  if (left > 0) setTimeout(show, 1000);
}

show();
