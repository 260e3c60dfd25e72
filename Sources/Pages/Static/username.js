// Says below a username whether it can be had, while it is typed. All else works without it.
"use strict";
(() => {
  const field = document.getElementById("username");
  const status = document.getElementById("username-status");
  const path = field?.dataset.check;
  if (!path || !status) return;
  // How long nothing is typed before it is asked, in milliseconds.
  const pause = 500;
  let timer;
  let request;

  const show = (state, text) => {
    status.dataset.state = state;
    if (status.textContent !== text) status.textContent = text;
    if (state === "taken" || state === "invalid") field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  };

  const ask = async (username) => {
    request = new AbortController();
    const { signal } = request;
    try {
      const seal = field.form.elements.seal.value;
      const response = await fetch(path, { method: "POST", body: new URLSearchParams({ username, seal }), signal });
      if (!response.ok) return;
      const { state, text } = await response.json();
      if (!signal.aborted) show(state, text);
    } catch {
      // More was typed, or nobody answers: what the name is worth, the form that is sent finds out.
    }
  };

  // Room for an answer, so that nothing moves when it comes.
  status.dataset.state = "";
  field.addEventListener("input", () => {
    clearTimeout(timer);
    request?.abort();
    show("", "");
    const username = field.value.trim();
    if (username) timer = setTimeout(ask, pause, username);
  });
})();
