/** What a program exits with, and why. Numbers never change their meaning. */
export type ExitCodes = Readonly<Record<string, { readonly status: number; readonly meaning: string }>>;

/** For --help. */
export function exitCodeLines(codes: ExitCodes): string {
  const rows = Object.values(codes);
  const width = Math.max(...rows.map(({ status }) => String(status).length));
  return rows.map(({ status, meaning }) => `  ${String(status).padStart(width)}  ${meaning}`).join('\n');
}
