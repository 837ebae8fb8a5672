// What is said of a name: its signature, its documentation, its present value.

import type { Member, Shape, Signature } from "./api.ts";

/** Such as `fit(train: Dataset, options?: FitOptions): Promise<History>`. */
export function signatureText(name: string, { params, returns }: Signature): string {
  const list = params.map(parameterText).join(", ");
  return `${name}(${list})${returns.text ? `: ${returns.text}` : ""}`;
}

export function parameterText({ name, type, optional, rest }: Signature["params"][number]): string {
  return `${rest ? "…" : ""}${name}${optional ? "?" : ""}${type.text ? `: ${type.text}` : ""}`;
}

export function headOf(name: string, type: Shape, calls: Signature[]): string {
  if (calls[0]) return signatureText(name, calls[0]);
  return type.text ? `${name}: ${type.text}` : name;
}

/** A short box of a head in the font of code, the value as it is now, and documentation. */
export function docElement(head: string, value: string | undefined, doc: string | undefined): HTMLElement {
  const box = document.createElement("div");
  box.className = "assist-doc";
  const add = (className: string, fill: (element: HTMLElement) => void) => {
    const element = document.createElement("div");
    element.className = className;
    fill(element);
    box.append(element);
  };
  if (head) add("assist-head", (element) => element.append(head));
  if (value) add("assist-value", (element) => element.append(value));
  if (doc) add("assist-text", (element) => writeDoc(element, doc));
  return box;
}

export function memberDoc(name: string, member: Member, calls: Signature[], value?: string): HTMLElement {
  return docElement(headOf(member.optional ? `${name}?` : name, member.type, calls), value, member.doc);
}

/** Documentation has paragraphs, `code` and fenced code: text nodes only. */
function writeDoc(element: HTMLElement, doc: string): void {
  for (const [i, block] of doc.split(/^```.*$/m).entries()) {
    if (i % 2 === 1) {
      const code = document.createElement("pre");
      code.textContent = block.trim();
      element.append(code);
      continue;
    }
    for (const paragraph of block.split(/\n\n+/).filter((text) => text.trim() !== "")) {
      const p = document.createElement("p");
      for (const [j, part] of paragraph.trim().split("`").entries()) {
        if (j % 2 === 0) p.append(part);
        else p.append(Object.assign(document.createElement("code"), { textContent: part }));
      }
      element.append(p);
    }
  }
}
