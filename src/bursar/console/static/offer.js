// A slider beside a text field: it writes the words of its stop into the field, and follows what is typed there.
// `I don't know` empties the field. Without this script both are done by sending the form.
"use strict";

(() => {
  const figure = (text) => {
    const found = /(\d[\d,. ]*)\s*([kmb%]?)/i.exec(text.replaceAll("_", ""));
    if (!found) return NaN;
    const times = { k: 1e3, m: 1e6, b: 1e9 }[found[2].toLowerCase()] || 1;
    return Number(found[1].replaceAll(",", "").replaceAll(" ", "")) * times;
  };
  const nearest = (figures, wanted) =>
    figures.reduce((best, one, place) => (Math.abs(one - wanted) < Math.abs(figures[best] - wanted) ? place : best), 0);

  for (const slider of document.querySelectorAll("[data-slides]")) {
    const text = document.getElementById(slider.dataset.slides);
    const stops = slider.dataset.stops.split("|");
    const figures = stops.map(figure);
    const follow = () => {
      const wanted = figure(text.value);
      slider.dataset.known = String(!Number.isNaN(wanted));
      slider.value = String(Number.isNaN(wanted) ? 0 : nearest(figures, wanted));
      slider.setAttribute("aria-valuetext", text.value || "not known");
    };
    slider.hidden = false;
    follow();
    text.addEventListener("input", follow);
    slider.addEventListener("input", () => {
      text.value = stops[Number(slider.value)];
      slider.dataset.known = "true";
      slider.setAttribute("aria-valuetext", text.value);
    });
  }
  for (const button of document.querySelectorAll("[data-forgets]")) {
    const text = document.getElementById(button.dataset.forgets);
    button.addEventListener("click", (event) => {
      event.preventDefault();
      text.value = "";
      text.dispatchEvent(new Event("input", { bubbles: true }));
      text.focus();
    });
  }
})();
