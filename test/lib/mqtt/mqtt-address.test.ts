import { expect, it } from 'vitest';
import { parseBrokerAddress } from '../../../lib/mqtt/mqtt-address.js';
import { SettingError } from '../../../lib/settings.js';

it.each([
  ['broker', 'mqtt', 'broker', undefined, undefined, 'mqtt://broker'],
  ['broker:1884', 'mqtt', 'broker', 1884, undefined, 'mqtt://broker:1884'],
  ['192.168.1.5', 'mqtt', '192.168.1.5', undefined, undefined, 'mqtt://192.168.1.5'],
  ['mqtt://broker:1883', 'mqtt', 'broker', 1883, undefined, 'mqtt://broker:1883'],
  ['MQTT://broker/', 'mqtt', 'broker', undefined, undefined, 'mqtt://broker'],
  ['tcp://broker', 'mqtt', 'broker', undefined, undefined, 'mqtt://broker'],
  ['mqtts://broker', 'mqtts', 'broker', undefined, undefined, 'mqtts://broker'],
  ['ssl://broker:8884', 'mqtts', 'broker', 8884, undefined, 'mqtts://broker:8884'],
  ['mqtt://[::1]:1883', 'mqtt', '::1', 1883, undefined, 'mqtt://[::1]:1883'],
  ['ws://broker:9001/mqtt?token=t', 'ws', 'broker', 9001, '/mqtt?token=t', 'ws://broker:9001'],
  ['wss://[::1]:9001', 'wss', '[::1]', 9001, '/', 'wss://[::1]:9001'],
])('%s', (text, protocol, host, port, path, label) => {
  expect(parseBrokerAddress(text)).toEqual({
    protocol,
    host,
    port,
    path,
    label,
    username: undefined,
    password: undefined,
  });
});

it.each([
  ['mqtt://anna:se%23cret@broker', 'anna', 'se#cret'],
  ['anna:secret@broker:1883', 'anna', 'secret'],
  ['ws://anna@broker/', 'anna', undefined],
])('takes the login out of %s', (text, username, password) => {
  const address = parseBrokerAddress(text);
  expect(address).toMatchObject({ username, password });
  expect(address.label).not.toMatch(/anna|se.*cret/);
});

it.each([
  ['mqtt://broker', 'mqtts://broker'],
  ['ws://broker/', 'wss://broker'],
  ['wss://broker/', 'wss://broker'],
])('is encrypted when asked to be: %s', (text, label) => {
  expect(parseBrokerAddress(text, true).label).toBe(label);
});

it.each([
  'http://broker',
  'mqtt://',
  'mqtt://broker:99999',
  'mqtt://a:top/secret@broker',
  'a b',
  'mqtt://a:top%secret@b',
])('refuses %s without repeating it', (text) => {
  expect(() => parseBrokerAddress(text)).toThrow(SettingError);
  expect(() => parseBrokerAddress(text)).toThrow(/^Broker: (?!.*secret)/);
});
