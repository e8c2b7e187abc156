import { expect, it } from 'vitest';
import { apiBase } from '../../../lib/immich/server-address.js';

it.each([
  ['photos.lan', 'http://photos.lan/api'],
  ['photos.lan:2283', 'http://photos.lan:2283/api'],
  ['192.168.1.10:2283/', 'http://192.168.1.10:2283/api'],
  ['[::1]:2283', 'http://[::1]:2283/api'],
  ['photos.example.org:443', 'https://photos.example.org/api'],
  ['http://photos.lan:2283/api', 'http://photos.lan:2283/api'],
  [' https://photos.example.org/api/ ', 'https://photos.example.org/api'],
  ['HTTPS://Photos.Example.ORG', 'https://photos.example.org/api'],
  ['https://photos.example.org/photos?at=1#top', 'https://photos.example.org/api'],
])('reads %j as %s', (typed, base) => {
  expect(apiBase(typed)).toBe(base);
});

it.each([
  ['', 'is no address'],
  ['http://', 'is no address'],
  ['a host with blanks', 'is no address'],
  ['ftp://photos.lan', 'only http:// or https://'],
  ['https://me:secret@photos.lan', 'leave out the name and password'],
])('refuses %j with a sentence', (typed, sentence) => {
  expect(() => apiBase(typed)).toThrow(sentence);
});

it('repeats no password', () => {
  expect(() => apiBase('https://me:secret@photos.lan')).not.toThrow('secret');
});
