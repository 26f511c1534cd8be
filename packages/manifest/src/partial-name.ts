import { MAX_COMPONENT_BYTES } from './path-components.ts';

const MARK = '.jspart-';

/**
 * Name of the partial file that stands beside its target until every byte is durable: `.NAME.jspart-ID`. NAME loses its end,
 * at a character's boundary, where the whole would pass 255 bytes.
 * @param id ASCII, at most 64 characters
 */
export function partialName(name: string, id: string): string {
  const room = MAX_COMPONENT_BYTES - 1 - MARK.length - id.length;
  return `.${name.length * 3 <= room ? name : cutUtf8(name, room)}${MARK}${id}`;
}

const BACKUP_SUFFIX = '.jetbak';

/** Name under which the file is kept that another one replaces: `NAME.jetbak`, NAME cut as in the name of a partial file. */
export function backupName(name: string): string {
  return `${cutUtf8(name, MAX_COMPONENT_BYTES - BACKUP_SUFFIX.length)}${BACKUP_SUFFIX}`;
}

/** Whether a name is one that we keep for partial files, and so never take from a peer. */
export function isPartialName(name: string): boolean {
  return name.charCodeAt(0) === 0x2e && name.includes(MARK);
}

function cutUtf8(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= maxBytes) return text;
  let end = maxBytes;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}
