/** First byte of each frame, PROTOCOL.md §2. */
export const FrameType = {
  Padding: 0x00,
  Ping: 0x01,
  Ack: 0x02,
  AckEcn: 0x03,
  Stream: 0x04,
  StreamCredit: 0x05,
  Data: 0x06,
  BlockCredit: 0x07,
  PathChallenge: 0x08,
  PathResponse: 0x09,
  Close: 0x0a,
  AckFrequency: 0x0b,
} as const;
