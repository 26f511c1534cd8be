import { JetStreamError } from '@jetstream/protocol';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads JSON that anybody may have sent (RFC 8259).
 * @param maxDepth arrays and objects in one another
 * @throws JetStreamError `invalid-argument` when it is none, is nested deeper, or holds a key by which prototypes are changed
 */
export function parseJson(bytes: Uint8Array, maxDepth: number): unknown {
  const text = decode(bytes);
  // Before it is parsed: what follows may then go down by itself.
  checkDepth(text, maxDepth);
  const value = parse(text);
  checkKeys(value);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw invalid('the text is not UTF-8');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What V8 says quotes the text, which may be a password.
    throw invalid('the text is no JSON');
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function checkDepth(text: string, maxDepth: number): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === BACKSLASH) at++;
      else if (unit === QUOTE) inString = false;
    } else if (unit === QUOTE) inString = true;
    else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > maxDepth) throw invalid(`the JSON is nested deeper than ${maxDepth}`);
    } else if (unit === 0x7d || unit === 0x5d) depth--;
  }
}

function checkKeys(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    const changesPrototypes =
      key === '__proto__' ||
      (key === 'constructor' &&
        typeof inner === 'object' &&
        inner !== null &&
        Object.hasOwn(inner, 'prototype'));
    if (changesPrototypes) throw invalid(`the key ${JSON.stringify(key)} is not allowed`);
    checkKeys(inner);
  }
}

function invalid(message: string): JetStreamError {
  return new JetStreamError('invalid-argument', message);
}
