import { JetStreamError } from '@jetstream/protocol';
import { escapeName } from './escape-name.ts';

/** A thing to send, and the path it gets. A directory takes what is in it along. */
export interface FileMapping {
  source: string;
  target: string;
  /** What the source has to be. Default: either. */
  kind?: 'file' | 'directory' | undefined;
}

/**
 * Reads a mapping of the API's form `src:dst`, with the rule of `mapSources` for a `/` at its end. Where either side holds a
 * colon, `src::dst` keeps them apart.
 * @throws JetStreamError `invalid-argument`
 */
export function parseFileMapping(text: string): FileMapping {
  const separator = text.includes('::') ? '::' : ':';
  const [source, target, ...rest] = text.split(separator);
  if (!source || !target || rest.length > 0) {
    throw new JetStreamError(
      'invalid-argument',
      `file mapping ${escapeName(text)}: write SOURCE:TARGET, or SOURCE::TARGET when a name holds a colon`,
      { subject: text },
    );
  }
  return mapSources([source], target)[0]!;
}

/**
 * The rule of `jscp`: the target names the thing; with a `/` at its end (or empty) it is the directory that the thing goes into
 * under its own name. Many sources need the latter. A source that has no name of its own (`/`, `.`, `..`) gives its content to
 * the target.
 * @throws JetStreamError `invalid-argument`
 */
export function mapSources(sources: readonly string[], target: string): FileMapping[] {
  const into = target === '' || target.endsWith('/');
  if (sources.length > 1 && !into) {
    throw new JetStreamError(
      'invalid-argument',
      `several sources need a directory as target: write ${escapeName(target)}/`,
      { subject: target },
    );
  }
  return sources.map((source) => ({ source, target: into ? `${target}${ownName(source)}` || '/' : target }));
}

function ownName(source: string): string {
  const name = source.replace(/\/+$/, '').split('/').at(-1)!;
  return name === '.' || name === '..' ? '' : name;
}
