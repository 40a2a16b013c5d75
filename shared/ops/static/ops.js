"use strict";
// Draws the charts from the same figures as the table, and draws them anew when the window changes.
(function () {
  const source = document.currentScript.dataset.source;
  const COLOURS = ["#005eb8", "#d5281b"];
  const charts = [];
  const DAY = 86400;

  function clock(u, ticks) {
    const long = ticks.length > 1 && ticks[ticks.length - 1] - ticks[0] > DAY;
    return ticks.map(t => new Date(t * 1000).toISOString().slice(...(long ? [5, 10] : [11, 16])));
  }

  function chart(place, points) {
    const keys = place.dataset.series.split(" ");
    const labels = place.dataset.labels.split("|");
    const data = [points.map(p => p.t), ...keys.map(key => points.map(p => p[key]))];
    const series = [{}, ...keys.map((key, i) => ({ label: labels[i], stroke: COLOURS[keys.length === 1 ? 0 : i], width: 2, spanGaps: false, points: { show: points.length < 90 } }))];
    const options = { width: place.clientWidth - 16, height: 200, series, axes: [{ values: clock }, {}], scales: { y: { range: (u, min, max) => [0, Math.max(1, max * 1.1)] } }, legend: { live: false } };
    charts.push([place, new uPlot(options, data, place)]);
  }

  fetch(source, { headers: { Accept: "application/json" } })
    .then(answer => { if (!answer.ok) throw new Error(answer.status); return answer.json(); })
    .then(overview => document.querySelectorAll(".hub-chart").forEach(place => chart(place, overview.points)))
    .catch(problem => document.querySelectorAll(".hub-chart").forEach(place => { place.textContent = String(problem.message); }));

  window.addEventListener("resize", () => charts.forEach(([place, u]) => u.setSize({ width: place.clientWidth - 16, height: 200 })));
})();
