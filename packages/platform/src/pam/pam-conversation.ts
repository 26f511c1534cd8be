import type { Ffi } from '../ffi.ts';

/** `_pam_types.h` */
const PAM_SUCCESS = 0;
const PAM_CONV_ERR = 19;
const PAM_PROMPT_ECHO_OFF = 1;
const PAM_PROMPT_ECHO_ON = 2;
const PAM_MAX_NUM_MSG = 32;

/** `struct pam_message` and `struct pam_response`: a pointer and an int. */
const RESPONSE_BYTES = 16;

/** `pam_conv.conv`; pointers are addresses. */
export type Conversation = (count: number, messages: unknown, answer: unknown) => number;

/**
 * Answers PAM (pam_conv(3)): a prompt without echo gets the password; what is only told gets nothing; a prompt with echo, for
 * which there is nobody to answer, ends the conversation. PAM frees the answers, and overwrites them before.
 * @param password without a NUL; undefined: there is none, and a prompt for it ends the conversation
 */
export function passwordConversation(
  { koffi, process: libc }: Ffi,
  password: Uint8Array | undefined,
): Conversation {
  const calloc = libc.func('void *calloc(size_t, size_t)');
  const free = libc.func('void free(void *)');
  const Pointers = (count: number) => koffi.array('void *', count);

  return (count, messages, answer) => {
    if (!(count >= 1 && count <= PAM_MAX_NUM_MSG)) return PAM_CONV_ERR;
    const styles = (koffi.decode(messages, Pointers(count)) as unknown[]).map((message) =>
      Number(koffi.decode(message, 'int')),
    );
    if (styles.includes(PAM_PROMPT_ECHO_ON)) return PAM_CONV_ERR;
    if (password === undefined && styles.includes(PAM_PROMPT_ECHO_OFF)) return PAM_CONV_ERR;
    const responses = calloc(count, RESPONSE_BYTES);
    if (responses === null) return PAM_CONV_ERR;
    for (const [index, style] of styles.entries()) {
      if (style !== PAM_PROMPT_ECHO_OFF || password === undefined) continue;
      const copy = calloc(password.length + 1, 1);
      if (copy === null) {
        for (let before = 0; before < index; before++)
          free(koffi.decode(responses, before * RESPONSE_BYTES, 'void *'));
        free(responses);
        return PAM_CONV_ERR;
      }
      koffi.encode(copy, koffi.array('uint8_t', password.length), password);
      koffi.encode(responses, index * RESPONSE_BYTES, 'void *', copy);
    }
    koffi.encode(answer, 'void *', responses);
    return PAM_SUCCESS;
  };
}
