import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/**
 * Node runs no TypeScript in a worker: its code is bundled first.
 * @param code what the worker runs, for `eval`
 * @param from `import.meta.url` of the file that it stands in
 */
export function bundledWorker(code: string, from: string): string {
  const result = buildSync({
    stdin: { contents: code, resolveDir: fileURLToPath(new URL('.', from)), loader: 'js' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    conditions: ['source'],
    external: ['koffi'],
    define: { 'import.meta.url': JSON.stringify(from) },
    write: false,
  });
  return result.outputFiles[0]!.text;
}
