// The style sheet of what only those need who write and arrange cells, once per page.

export function loadEditStyles(): void {
  if (document.querySelector("link[data-edit]")) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("edit.css", document.baseURI).href;
  link.dataset.edit = "";
  document.head.append(link);
}
