/**
 * 0, held the way V8 holds numbers with a fraction. A field that begins with the literal 0 is a small integer to V8; once it takes a
 * fraction, or a number of 2^31 and above, all code compiled for its object is thrown away and compiled anew. So state of the packet path
 * that comes to hold microseconds, rates or bytes of a whole transfer begins with this.
 */
export const FLOAT_ZERO: number = new Float64Array(1)[0]!;
