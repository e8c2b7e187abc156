import { expect, it } from 'vitest';
import { readNixJson } from '../../../lib/migrate/read-json.js';
import { readNix } from '../../../lib/migrate/read-nix.js';

/** The values as an object, null for what could not be read. */
function valuesOf(source: string): Record<string, string | null> {
  const entries = [...readNix(source).values].map(([name, value]) => [
    name,
    'text' in value ? value.text : null,
  ]);
  return Object.fromEntries(entries) as Record<string, string | null>;
}

it('reads the settings out of a whole configuration', () => {
  const { values, options } = readNix(`
    { config, lib, pkgs, ... }: # WATCH_DIRECTORIES = "a comment";
    let unrelated = { user = "somebody"; startAt = "daily"; }; in
    {
      imports = [ ./hardware.nix ];
      services.openssh = { enable = true; settings.PermitRootLogin = "no"; };
      services.immich-auto-uploader = {
        enable = true;
        user = "uploader";
        environmentFile = "/run/secrets/uploader.env"; /* ARCHIVE_DIRECTORY = "no"; */
        environment = {
          IMMICH_API_URL = "https://immich.example.com/api";
          WATCH_DIRECTORIES = "/srv/in box,/srv/b";
          "LOG_LEVEL" = "DEBUG";
        };
      };
    }`);
  expect(Object.fromEntries(values)).toEqual({
    IMMICH_API_URL: { text: 'https://immich.example.com/api' },
    WATCH_DIRECTORIES: { text: '/srv/in box,/srv/b' },
    LOG_LEVEL: { text: 'DEBUG' },
  });
  expect(Object.fromEntries(options)).toEqual({
    user: 'uploader',
    environmentFile: '/run/secrets/uploader.env',
  });
});

it.each<[string, string, string | null]>([
  ['dotted', 'services.immich-auto-uploader.settings.LOG_LEVEL = "INFO";', 'INFO'],
  ['a bare set', '{ LOG_LEVEL = "INFO"; }', 'INFO'],
  ['a number', '{ LOG_LEVEL = 2.5; }', '2.5'],
  ['a boolean', '{ LOG_LEVEL = true; }', 'true'],
  ['a number as text', '{ LOG_LEVEL = toString 5; }', '5'],
  ['a path', '{ LOG_LEVEL = /srv/photos; }', '/srv/photos'],
  ['escapes', String.raw`{ LOG_LEVEL = "a\"b\\c\${d}"; }`, 'a"b\\c${d}'],
  ['an indented string', "{ LOG_LEVEL = ''\n  a''${b}\n''; }", 'a${b}'],
  ['a sum', '{ LOG_LEVEL = "a," + "b"; }', 'a,b'],
  ['a joined list', '{ LOG_LEVEL = lib.concatStringsSep "," [ "/a" "/b" ]; }', '/a,/b'],
  ['a wrapped value', '{ LOG_LEVEL = lib.mkForce "x"; }', 'x'],
  [
    'the home directory',
    '{ LOG_LEVEL = "${config.home.homeDirectory}/a,${config.home.homeDirectory}/b"; }',
    '~/a,~/b',
  ],
  ['the home directory in the middle', '{ LOG_LEVEL = "/x${config.home.homeDirectory}"; }', null],
  ['another interpolation', '{ LOG_LEVEL = "${pkgs.x}/a"; }', null],
  ['a name', '{ LOG_LEVEL = cfg.level; }', null],
  ['a call', '{ LOG_LEVEL = builtins.readFile ./level; }', null],
  ['a choice', '{ LOG_LEVEL = if x then "a" else "b"; }', null],
  ['a list of names', '{ LOG_LEVEL = lib.concatStringsSep "," cfg.folders; }', null],
])('reads %s', (_what, source, text) => {
  expect(valuesOf(source)).toEqual({ LOG_LEVEL: text });
});

it.each(['', '{', '"', "''", '{ a = ', '${', '{ LOG_LEVEL = "${', '}}}', '/* open'])(
  'survives the broken source %j',
  (source) => {
    expect(() => readNix(source)).not.toThrow();
  },
);

it('goes on after a nested set, an update and a string with braces', () => {
  expect(
    valuesOf(
      '{ a = { b = { c = "}"; }; } // { d = "{"; }; LOG_LEVEL = "x"; home.file.y.text = "LOG_LEVEL = 1;"; }',
    ),
  ).toEqual({ LOG_LEVEL: 'x' });
});

it('reads what nix eval --json prints, of the module or of its variables', () => {
  const variables = {
    WATCH_DIRECTORIES: '/a',
    FILE_STABILITY_WAIT_SECONDS: 5,
    WATCH_RECURSIVE: true,
    LOG_LEVEL: null,
  };
  const expected = new Map([
    ['WATCH_DIRECTORIES', { text: '/a' }],
    ['FILE_STABILITY_WAIT_SECONDS', { text: '5' }],
    ['WATCH_RECURSIVE', { text: 'true' }],
  ]);
  expect(readNixJson(JSON.stringify(variables))?.values).toEqual(expected);
  const module = { enable: true, settings: variables, environmentFile: '/run/x', startAt: '' };
  const whole = readNixJson(JSON.stringify(module));
  expect(whole?.values).toEqual(expected);
  expect(whole?.options).toEqual(new Map([['environmentFile', '/run/x']]));
  for (const text of ['', 'A=1', '[1]', '"x"']) expect(readNixJson(text)).toBeUndefined();
});
