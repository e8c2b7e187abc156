import { describe, expect, it } from 'vitest';
import { readXmp } from '../../../lib/sidecar/read-xmp.js';

const xmp = (attributes: string, elements = '') => `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="a program">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" ${attributes}>${elements}</rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>`;
const bag = (name: string, ...items: string[]) =>
  `<${name}><rdf:Bag>${items.map((item) => `<rdf:li>${item}</rdf:li>`).join('')}</rdf:Bag></${name}>`;

describe('what a sidecar says', () => {
  it.each([
    ['a rating', xmp('xmp:Rating="4"'), { rating: 4 }],
    ['no rating', xmp('xmp:Rating="0"'), {}],
    ['a rejected photo', xmp('xmp:Rating="-1"'), {}],
    ['a rating as an element', xmp('', '<xmp:Rating>5</xmp:Rating>'), { rating: 5 }],
    [
      'a description in one language',
      xmp(
        '',
        '<dc:description><rdf:Alt><rdf:li xml:lang="x-default">Anna &amp; Ben</rdf:li></rdf:Alt></dc:description>',
      ),
      { description: 'Anna & Ben' },
    ],
    [
      'a date with a zone',
      xmp('exif:DateTimeOriginal="2024-05-31T23:59:58+02:00"'),
      { dateTimeOriginal: '2024-05-31T21:59:58.000Z' },
    ],
    [
      'a date without one',
      xmp("photoshop:DateCreated='2024-05-31T12:00'"),
      { dateTimeOriginal: '2024-05-31T12:00:00.000Z' },
    ],
    [
      'a date and its zone beside it',
      xmp('exif:DateTimeOriginal="2024-05-31T12:00:00" exifEX:OffsetTimeOriginal="-03:00"'),
      { dateTimeOriginal: '2024-05-31T15:00:00.000Z' },
    ],
    ['a day', xmp('xmp:CreateDate="2024-05-31"'), { dateTimeOriginal: '2024-05-31T00:00:00.000Z' }],
    ['no date', xmp('xmp:CreateDate="yesterday"'), {}],
    [
      'a place in minutes',
      xmp('exif:GPSLatitude="48,12.5N" exif:GPSLongitude="16,30,36W"'),
      { latitude: 48 + 12.5 / 60, longitude: -(16 + 30 / 60 + 36 / 3600) },
    ],
    ['half a place', xmp('exif:GPSLatitude="48,12.5N"'), {}],
    ['no place on earth', xmp('exif:GPSLatitude="99,0N" exif:GPSLongitude="1,0E"'), {}],
  ])('%s', async (_what, text, changes) => {
    expect((await readXmp(text))?.changes).toEqual(changes);
  });

  it.each([
    ['plain subjects', bag('dc:subject', 'dog', 'a/b', 'dog'), ['dog', 'a-b']],
    [
      'subjects in Lightroom',
      bag('dc:subject', 'dog') + bag('lr:hierarchicalSubject', 'pets|dog'),
      ['pets/dog'],
    ],
    ['tags in digiKam', bag('dc:subject', 'dog') + bag('digiKam:TagsList', 'pets/dog', '/'), ['pets/dog']],
    ['none', '', []],
  ])('%s', async (_what, elements, tags) => {
    expect((await readXmp(xmp('', elements)))?.tags).toEqual(tags);
  });

  it.each(['', 'no XML', '<a>', '<a/>', xmp('').slice(0, -80), '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])(
    'nothing when it is broken: %j',
    async (text) => {
      expect(await readXmp(text)).toBeUndefined();
    },
  );

  it('a long list of tags is cut', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `tag ${at}`);
    expect((await readXmp(xmp('', bag('dc:subject', ...many))))?.tags).toHaveLength(200);
  });

  it('some megabytes of masks in it hold up nobody, and say nothing', async () => {
    const mask = '<rdf:li><rdf:Description crs:What="Mask" xmp:Rating="1"/></rdf:li>';
    const masks = `<crs:Masks><rdf:Seq>${mask.repeat(40_000)}</rdf:Seq></crs:Masks><xmp:Rating>5</xmp:Rating>`;
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    });
    expect(await readXmp(xmp('', masks))).toEqual({ changes: { rating: 5 }, tags: [] });
    clearInterval(timer);
    expect(turns).toBeGreaterThan(10);
  });
});
