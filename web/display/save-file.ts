// Gives the reader a file.

/** Downloads `content` under a name. */
export function saveFile(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** What a file is called that holds something of this title, but for its ending: letters and digits, and not too many of them. */
export function fileNameOf(title: string, otherwise: string): string {
  return (
    title
      .slice(0, 100)
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-|-$/g, "") || otherwise
  );
}
