import { JetStreamError } from '@jetstream/protocol';
import type * as z from 'zod';
import { type CommandName, commandDefinition, type Parameters } from './commands.ts';

/** Far more than any command has need of. */
const MAX_NESTING = 16;
/** Names that mean something to JavaScript: they stand in no parameter and in no user data. */
const REFUSED_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
/** What a message quotes of names that a caller chose. */
const MAX_FIELD = 120;

/**
 * Checks the arguments of a command, and puts defaults in.
 * @param raw what came out of JSON.parse; undefined counts as no arguments
 * @throws JetStreamError `invalid-argument`, whose `field` names the first one that is of no use
 */
export function parseParameters<C extends CommandName>(command: C, raw: unknown): Parameters<C> {
  refuseDangerous(command, raw);
  const parsed = commandDefinition(command).parameters.safeParse(raw ?? {});
  if (parsed.success) return parsed.data as Parameters<C>;
  throw refusal(command, firstIssue(parsed.error));
}

/** Without recursion, so that no depth of nesting can exhaust the stack. */
function refuseDangerous(command: CommandName, raw: unknown): void {
  const pending: { value: unknown; depth: number }[] = [{ value: raw, depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= MAX_NESTING) {
      throw refusal(command, { message: `is nested deeper than ${MAX_NESTING} levels`, path: [] });
    }
    for (const [key, member] of Object.entries(value)) {
      if (REFUSED_KEYS.has(key)) {
        throw refusal(command, { message: 'is a name that is not allowed', path: [key] });
      }
      if (typeof member === 'object') pending.push({ value: member, depth: depth + 1 });
    }
  }
}

interface Issue {
  message: string;
  path: readonly PropertyKey[];
}

function firstIssue(error: z.ZodError): Issue {
  return innermost(error.issues[0] as z.core.$ZodIssue);
}

/** Of a choice of forms, what is wrong with the form that came closest: the one that fits but for something within. */
function innermost(issue: z.core.$ZodIssue): Issue {
  if (issue.code === 'unrecognized_keys') {
    return { message: 'is unknown', path: [...issue.path, issue.keys[0] as string] };
  }
  if (issue.code === 'invalid_union') {
    const [closest] = issue.errors.flatMap(([first]) => (first?.code === 'invalid_type' ? [] : [first]));
    const nested = issue.errors.flatMap(([first]) => (first && first.path.length > 0 ? [first] : []))[0];
    const inner = nested ?? closest;
    if (inner) return innermost({ ...inner, path: [...issue.path, ...inner.path] });
    return { message: 'is of the wrong type', path: issue.path };
  }
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined')) {
    return { message: 'is missing', path: issue.path };
  }
  if (issue.code === 'invalid_key') {
    const inner = issue.issues[0];
    return { message: `is no usable name${inner ? `: ${inner.message}` : ''}`, path: issue.path };
  }
  return issue;
}

function refusal(command: CommandName, { message, path }: Issue): JetStreamError {
  const field = fieldName(path);
  const what = field === '' ? '' : `${field} `;
  const text = message
    .replace(/^Invalid input: /, 'is no good: ')
    .replace(/^Too /, 'is too ')
    .replace(/^Invalid option: expected one of /, 'is none of ');
  return new JetStreamError('invalid-argument', `${command}: ${what}${text}`, field === '' ? {} : { field });
}

/** As one would write it in JavaScript, with whatever could disturb a terminal taken out. */
function fieldName(path: readonly PropertyKey[]): string {
  const name = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return name
    .replace(/^\./, '')
    .replace(/[\p{C}\p{Z}]/gu, '?')
    .slice(0, MAX_FIELD);
}
