import { describe, expect, it } from 'vitest';
import { numberValue, programName, textValue, troubleIn } from '../../../../lib/gpu/text/tool-value.js';

describe('a field without a value', () => {
  it.each([
    'N/A',
    '[N/A]',
    ' N/A ',
    '[ N/A ]',
    'N/A (Secondary die)',
    'n/a',
    '[Not Supported]',
    'Not Supported',
    '[Unknown Error]',
    '[Insufficient Permissions]',
    '[GPU is lost]',
    '[GPU requires reset]',
    'ERR!',
    'Requested functionality has been deprecated',
    '[Requested functionality has been deprecated]',
    'Not available in WDDM driver model',
    '[Not Found]',
    'Not Found',
    '-',
    '',
    undefined,
  ])('is null: %s', (raw) => {
    expect(textValue(raw)).toBeNull();
    expect(numberValue(raw)).toBeNull();
  });

  it.each(['None', 'Not Active', 'NVIDIA N100', '-5', 'P0', 'Nathan'])('is not mistaken: %s', (raw) => {
    expect(textValue(raw)).toBe(raw);
  });
});

describe('a number', () => {
  it.each([
    ['7 %', 7],
    ['1474 MiB', 1474],
    ['86.41 W', 86.41],
    ['0', 0],
    [' 46 ', 46],
    ['(500Mhz)', 500],
    ['-3 C', -3],
    ['45.0', 45],
    ['P2', null],
    ['0x1002', null],
    ['0 (300Mhz)', null],
    ['1 2', null],
    ['12:30', null],
  ])('is read with its unit or without: %s', (raw, number) => {
    expect(numberValue(raw)).toBe(number);
  });
});

describe('the name of a program', () => {
  it.each([
    ['/usr/bin/kwin_wayland', 'kwin_wayland'],
    ['/opt/ml/bin/python -m immich_ml --token=secret', 'python'],
    ['./gpu_burn', 'gpu_burn'],
    ['ffmpeg', 'ffmpeg'],
    ['C:\\Program Files\\NVIDIA Corporation\\NVIDIA Share.exe', 'NVIDIA Share.exe'],
    ['', null],
    ['[N/A]', null],
    ['[Insufficient Permissions]', null],
    ['/odd/', null],
  ])('is the base name alone: %s', (raw, name) => {
    expect(programName(raw)).toBe(name);
  });
});

it.each([
  ['[GPU is lost]', 'gpu-lost'],
  ['[GPU requires reset]', 'gpu-needs-reset'],
  ['[Unknown Error]', 'field-error'],
  ['Unknown Error', 'field-error'],
  ['[N/A]', null],
  ['/home/me/Unknown Error.exe', null],
])('a field can say that the GPU is in trouble: %s', (raw, trouble) => {
  expect(troubleIn(raw)).toBe(trouble);
});
