import type { ApiCaller, Json, UserData } from '@jetstream/api';
import { maySee, type Owner } from './owner.ts';

/** What lists of objects are narrowed down by; times are µs since the Unix epoch. */
export interface ListFilters {
  limit: number;
  offset: number;
  order: 'oldest' | 'newest';
  owner?: string | undefined;
  since?: number | undefined;
  until?: number | undefined;
  userData?: Record<string, Json> | undefined;
}

interface Listed extends Owner {
  requestTime: number;
  userData: UserData;
}

/** Those of the objects that the caller may see and asks for, in the order of their making. @param matches further conditions */
export function listObjects<T extends Listed>(
  objects: Iterable<T>,
  { limit, offset, order, owner, since = 0, until = Number.POSITIVE_INFINITY, userData = {} }: ListFilters,
  caller: ApiCaller,
  matches: (object: T) => boolean = () => true,
): T[] {
  const wanted = Object.entries(userData);
  const found: T[] = [];
  for (const object of objects) {
    if (!maySee(caller, object) || (owner !== undefined && object.owner !== owner)) continue;
    if (object.requestTime < since || object.requestTime >= until) continue;
    if (
      !wanted.every(([key, value]) => Object.hasOwn(object.userData, key) && object.userData[key] === value)
    )
      continue;
    if (matches(object)) found.push(object);
  }
  const sign = order === 'oldest' ? 1 : -1;
  found.sort((one, other) => sign * (one.requestTime - other.requestTime));
  return found.slice(offset, offset + limit);
}
