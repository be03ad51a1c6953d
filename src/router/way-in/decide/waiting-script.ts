/**
 * The waiting page's script. Follows the events. Loads the page anew when another one is due, when events stop for
 * good (signed out), and now and then when none come (something between holds them back); but only once the router
 * answers.
 */
export const WAITING_SCRIPT = `
(function () {
  var place = document.getElementById("journey");
  var source = new EventSource(place.dataset.events);
  var timer;
  function renewAfter(ms) { clearTimeout(timer); timer = setTimeout(renew, ms); }
  function renew() {
    source.close();
    fetch("/healthz", { cache: "no-store" }).then(function () { location.reload(); }, function () { renewAfter(2000); });
  }
  renewAfter(20000);
  source.addEventListener("state", function (event) {
    renewAfter(20000);
    var state = JSON.parse(event.data);
    if (state.url) { clearTimeout(timer); source.close(); location.replace(state.url); return; }
    if (state.face !== place.dataset.face) { renew(); return; }
    var isOpen = place.querySelector("details[open]");
    document.getElementById("steps").innerHTML = state.steps;
    var details = place.querySelector("details");
    if (isOpen && details) details.open = true;
    var status = document.getElementById("status");
    if (status.textContent !== state.status) status.textContent = state.status;
  });
  source.onerror = function () { if (source.readyState === 2) renewAfter(2000); };
})();
`;
