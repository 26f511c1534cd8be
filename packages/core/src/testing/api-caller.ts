import type { ApiCaller } from '@jetstream/api';
import { currentUser } from '@jetstream/platform';

/** A caller of the API: by default whoever runs the tests, logged in without a token. */
export function apiCaller(caller: Partial<ApiCaller> = {}): ApiCaller {
  return {
    account: currentUser().name,
    token: null,
    tokenSession: null,
    permissions: null,
    path: null,
    superuser: false,
    wrangler: false,
    remoteAddress: '127.0.0.1',
    isLocal: true,
    reachedAs: null,
    ...caller,
  };
}
