"use strict";
// For a partner with a key: a browser cannot put one into a header itself, so the script asks for each page with it.
// The key is in the memory of this page alone.
(function () {
  let key = "";

  async function called(address) {
    return fetch(address, { headers: { "x-hub-key": key, Accept: "text/html" }, credentials: "same-origin", redirect: "error" });
  }

  function show(text, address, isNew) {
    const made = new DOMParser().parseFromString(text, "text/html");
    document.documentElement.lang = made.documentElement.lang;
    document.title = made.title;
    document.body.replaceWith(made.body);
    if (isNew) history.pushState(null, "", address);
    window.scrollTo(0, 0);
    document.querySelector("h1").tabIndex = -1;
    document.querySelector("h1").focus();
    begin();
  }

  async function open(address, isNew) {
    const answer = await called(address);
    show(await answer.text(), address, isNew);
  }

  async function save(link) {
    const answer = await called(link.href);
    const made = document.createElement("a");
    made.href = URL.createObjectURL(await answer.blob());
    made.download = link.pathname.split("/").pop();
    made.click();
    setTimeout(() => URL.revokeObjectURL(made.href), 1000);
  }

  function begin() {
    const form = document.querySelector(".hub-key");
    if (!form) return;
    form.hidden = false;
    form.addEventListener("submit", event => {
      event.preventDefault();
      key = form.querySelector("input").value;
      open(location.href, false);
    });
  }

  document.addEventListener("click", event => {
    const link = event.target.closest("a");
    if (!key || !link || link.origin !== location.origin || link.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    if (link.hasAttribute("download")) save(link);
    else open(link.href, true);
  });
  window.addEventListener("popstate", () => { if (key) open(location.href, false); });
  begin();
})();
