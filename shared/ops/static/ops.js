"use strict";
// Draws the charts from the same figures as the table, with axes and units also before the first data.
(function () {
  const source = document.currentScript.dataset.source;
  const COLOURS = ["#005eb8", "#ed8b00", "#d5281b"];
  const DASHES = [[], [6, 3], [2, 2]];
  const HEIGHT = 240;
  const DAY = 86400;
  const charts = [];

  function clock(u, ticks) {
    const long = ticks.length > 1 && ticks[ticks.length - 1] - ticks[0] > DAY;
    return ticks.map(t => new Date(t * 1000).toISOString().slice(...(long ? [5, 10] : [11, 16])));
  }

  // From nothing to a little above the highest value; up to ten where nothing was counted yet.
  function scale(u, min, max) {
    return [0, max ? max * 1.1 : 10];
  }

  function size(place) {
    return { width: place.clientWidth - 16, height: HEIGHT };
  }

  function chart(place, points) {
    const { series: keys, labels, unit, time } = place.dataset;
    const names = keys.split(" ");
    const data = [points.map(p => p.t), ...names.map(name => points.map(p => p[name]))];
    const drawn = names.map((name, i) => ({ label: labels.split("|")[i], stroke: COLOURS[i], dash: DASHES[i], width: 2, spanGaps: false, points: { show: points.length < 90, size: 4 } }));
    const axes = [{ values: clock, label: time, labelSize: 20 }, { label: unit, labelSize: 20, size: 60 }];
    const options = { ...size(place), series: [{}, ...drawn], axes, scales: { y: { range: scale } }, legend: { live: false } };
    charts.push([place, new uPlot(options, data, place)]);
  }

  fetch(source, { headers: { Accept: "application/json" } })
    .then(answer => { if (!answer.ok) throw new Error(answer.status); return answer.json(); })
    .then(figures => document.querySelectorAll(".hub-chart").forEach(place => chart(place, figures.points)))
    .catch(() => document.querySelectorAll(".hub-chart").forEach(place => { place.textContent = place.dataset.problem; }));

  window.addEventListener("resize", () => charts.forEach(([place, u]) => u.setSize(size(place))));
})();
