// Tells how many seats are picked and what they cost. Without it the form works all the same.
"use strict";

const sum = document.querySelector(".buy-bar output");
const seats = [...document.querySelectorAll('input[name="seats"]:enabled')];

// "SAR 0.00" shows how amounts look in the reader's language: its number is replaced.
const zero = sum.dataset.nothing;
const digits = (zero.match(/0[.,٫](0+)/) || ["", ""])[1].length;

function amount(minor) {
  const number = (minor / 10 ** digits).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return zero.replace(/0([.,٫]0+)?/, number).replace(" ", "\u00a0"); // an amount stays on one line
}

function show() {
  const picked = seats.filter((seat) => seat.checked);
  const total = picked.reduce((soFar, seat) => soFar + Number(seat.dataset.price), 0);
  const count = picked.length === 1 ? sum.dataset.one : sum.dataset.many.replace("#", picked.length);
  sum.hidden = picked.length === 0;
  sum.textContent = `${count} · ${amount(total)}`;
}

document.addEventListener("change", show);
window.addEventListener("pageshow", show);
show();
