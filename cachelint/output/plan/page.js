/* Escape puts the cause away without moving the pointer or the focus; everything else works without this script. */
const root = document.documentElement;
addEventListener("keydown", (event) => { if (event.key === "Escape") root.classList.add("dismissed"); });
for (const kind of ["focusin", "mouseover"]) {
  addEventListener(kind, () => root.classList.remove("dismissed"));
}
