// In which language a notebook is written.

/** The language of its cells, where that is not ours. */
export function foreignLanguage({ kernelspec, language_info }: Record<string, unknown>): string | undefined {
  const name = fieldOf(language_info, "name") ?? fieldOf(kernelspec, "language");
  return typeof name === "string" && !/^(java|type)script$/i.test(name) ? name.slice(0, 40) : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
