import { describe, expect, it } from 'vitest';
import { parseParameters } from './parse-parameters.ts';

describe('the parameters of a command', () => {
  it('get their defaults', () => {
    expect(parseParameters('send.createDestination', { destinationAddress: 'b.lan' })).toMatchObject({
      destinationPort: 8886,
      ratePolicy: 'fair',
      sendRateMax: null,
      sourcePort: 0,
    });
    expect(parseParameters('getServerInfo', undefined)).toEqual({});
  });

  it('take file mappings as text, as objects and the other way round', () => {
    const given = {
      fileMappings: ['/a:/b', 'C:\\x::D:\\y', { source: '/c', target: 'd', fileType: 2 }],
      mappings: { '/to': '/from' },
    };
    const { fileMappings, ...rest } = parseParameters('send.createManifest', given);
    expect(fileMappings).toEqual([
      { source: '/a', target: '/b' },
      { source: 'C:\\x', target: 'D:\\y' },
      { source: '/c', target: 'd', fileType: 2 },
      { source: '/from', target: '/to' },
    ]);
    expect(rest).toEqual({ symlinkMode: 'follow', userData: {} });
  });
});
