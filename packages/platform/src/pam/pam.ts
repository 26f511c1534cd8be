import { type Ffi, ffi, type NativeLibrary } from '../ffi.ts';
import { passwordConversation } from './pam-conversation.ts';

const LIBRARY = 'libpam.so.0';

/** `_pam_types.h` */
const PAM_SUCCESS = 0;
/** Of pam_acct_mgmt(3): PAM_PERM_DENIED, PAM_USER_UNKNOWN, PAM_ACCT_EXPIRED, PAM_AUTHTOK_EXPIRED (and not renewed in time). */
const CLOSED = new Set([6, 10, 13, 27]);
const PAM_USER = 2;
const PAM_TTY = 3;
const PAM_RHOST = 4;
const PAM_FAIL_DELAY = 10;
const PAM_DISALLOW_NULL_AUTHTOK = 0x0001;
const PAM_SILENT = 0x8000;

export interface PamRequest {
  /** Names the file of rules: `/etc/pam.d/SERVICE`, else PAM's `other`. */
  service: string;
  user: string;
  /** Without a NUL. Left out: the account is all that is asked about. */
  password?: Uint8Array | undefined;
  /** IP address of whoever asks; left out when that is the server itself. */
  remote?: string | undefined;
  /** Instead of `/etc/pam.d` (Linux-PAM 1.4). */
  configDirectory?: string | undefined;
}

export interface PamVerdict {
  accepted: boolean;
  /** PAM's own words. */
  reason: string;
  /** It is the account that may not be used, rather than the password, the moment (pam_nologin(8)) or PAM that is in the way. */
  isClosed: boolean;
  /** What the modules want to pass before a refusal is told (pam_fail_delay(3)); nothing of it has passed. */
  failDelayMs: number;
}

/**
 * Asks PAM whether the password is that of the user, and whether the account may be used now: pam_authenticate(3), pam_acct_mgmt(3).
 * Blocks the thread, for as long as the modules like. undefined where PAM cannot be called.
 */
export function pamChecker(): PamChecker | undefined {
  // Types of callbacks can be named once in a process.
  loaded ??= { checker: load() };
  return loaded.checker;
}

type PamChecker = (request: PamRequest) => PamVerdict;

let loaded: { checker: PamChecker | undefined } | undefined;

function load(): PamChecker | undefined {
  const native = process.platform === 'linux' ? ffi() : undefined;
  if (native === undefined) return undefined;
  let library: NativeLibrary;
  try {
    library = native.koffi.load(LIBRARY);
  } catch {
    return undefined;
  }
  return loadChecker(native, library);
}

function loadChecker({ koffi, process }: Ffi, pam: NativeLibrary): PamChecker {
  const Conversation = koffi.proto('int JetstreamPamConversation(int, void *, void *, void *)');
  const FailDelay = koffi.proto('void JetstreamPamFailDelay(int, unsigned int, void *)');
  const Handler = koffi.struct({ conversation: koffi.pointer(Conversation), data: 'void *' });
  const start = pam.func('pam_start', 'int', ['str', 'str', koffi.pointer(Handler), koffi.out('void **')]);
  const startIn = (): ReturnType<NativeLibrary['func']> =>
    pam.func('pam_start_confdir', 'int', ['str', 'str', koffi.pointer(Handler), 'str', koffi.out('void **')]);
  const setText = pam.func('int pam_set_item(void *, int, str)');
  const setFunction = pam.func('pam_set_item', 'int', ['void *', 'int', koffi.pointer(FailDelay)]);
  const getText = pam.func('pam_get_item', 'int', ['void *', 'int', koffi.out('str *')]);
  const authenticate = pam.func('int pam_authenticate(void *, int)');
  const checkAccount = pam.func('int pam_acct_mgmt(void *, int)');
  const describe = pam.func('str pam_strerror(void *, int)');
  const end = pam.func('int pam_end(void *, int)');

  return ({ service, user, password, remote, configDirectory }) => {
    let failDelayMs = 0;
    const conversation = koffi.register(
      passwordConversation({ koffi, process }, password),
      koffi.pointer(Conversation),
    );
    const failDelay = koffi.register((_status: number, us: number) => {
      failDelayMs = Math.max(failDelayMs, us / 1000);
    }, koffi.pointer(FailDelay));
    const found: [unknown] = [null];
    let status = PAM_SUCCESS;
    try {
      const handler = { conversation, data: null };
      status =
        configDirectory === undefined
          ? start(service, user, handler, found)
          : startIn()(service, user, handler, configDirectory, found);
      const handle = found[0];
      const flags = PAM_SILENT | (password === undefined ? 0 : PAM_DISALLOW_NULL_AUTHTOK);
      const steps = [
        () => (remote === undefined ? PAM_SUCCESS : setText(handle, PAM_RHOST, remote)),
        () => setText(handle, PAM_TTY, service),
        () => setFunction(handle, PAM_FAIL_DELAY, failDelay),
        () => (password === undefined ? PAM_SUCCESS : authenticate(handle, flags)),
      ];
      for (const step of steps) if (status === PAM_SUCCESS) status = step();
      let isClosed = false;
      if (status === PAM_SUCCESS) {
        status = checkAccount(handle, flags);
        isClosed = CLOSED.has(status);
      }
      const reason = describe(handle, status) as string;
      if (status !== PAM_SUCCESS) return { accepted: false, reason, isClosed, failDelayMs };
      const taken: [string | null] = [null];
      const isSame = getText(handle, PAM_USER, taken) === PAM_SUCCESS && taken[0] === user;
      return {
        accepted: isSame,
        reason: isSame ? reason : 'PAM took the user for another',
        isClosed: false,
        failDelayMs,
      };
    } finally {
      if (found[0] !== null) end(found[0], status);
      koffi.unregister(conversation);
      koffi.unregister(failDelay);
    }
  };
}
