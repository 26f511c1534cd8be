/** ECN codepoint of the IP header, RFC 3168 §5. */
export const Ecn = { NotCapable: 0, Ect1: 1, Ect0: 2, Ce: 3 } as const;
export type Ecn = (typeof Ecn)[keyof typeof Ecn];
