import { describe, expect, it } from 'vitest';
import { mapSources, parseFileMapping } from './file-mapping.ts';

describe('parseFileMapping', () => {
  it.each([
    ['/source/my_file:/target/my_file', { source: '/source/my_file', target: '/target/my_file' }],
    ['a:b::c:d', { source: 'a:b', target: 'c:d' }],
    ['/source/a:/into/', { source: '/source/a', target: '/into/a' }],
  ])('reads %s', (text, mapping) => {
    expect(parseFileMapping(text)).toEqual(mapping);
  });

  it.each(['', 'a', ':', 'a:', ':b', 'a:b:c', 'a::b::c'])('refuses %j', (text) => {
    expect(() => parseFileMapping(text)).toThrow(/SOURCE:TARGET/);
  });
});

describe('mapSources', () => {
  it.each([
    [['/a/x'], '/t/y', ['/t/y']],
    [['/a/x'], '/t/', ['/t/x']],
    [['/a/x/'], '/t/', ['/t/x']],
    [['x', 'b/y'], 't/', ['t/x', 't/y']],
    [['x'], '/', ['/x']],
    [['x'], '', ['x']],
    [['.'], '/t/', ['/t/']],
    [['/'], '', ['/']],
  ])('%j to %j gives %j', (sources, target, targets) => {
    expect(mapSources(sources, target)).toEqual(
      sources.map((source, at) => ({ source, target: targets[at] })),
    );
  });

  it('asks for a directory when there are several sources', () => {
    expect(() => mapSources(['a', 'b'], '/t')).toThrow('/t/');
  });
});
