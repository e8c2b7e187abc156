# How values are written in systemd's unit files. Builtins only, so that tests evaluate it without nixpkgs.
let
  inherit (builtins)
    replaceStrings
    toJSON
    stringLength
    substring
    filter
    any
    ;
  percent = replaceStrings [ "%" ] [ "%%" ];
  sessionFolder = "\${XDG_RUNTIME_DIR}/";
in
rec {
  # A value in which "%" has no meaning of its own: all that is not systemd's own %d or %t.
  inherit percent;

  # One path of a setting that takes several, as ReadWritePaths: blanks would part it in two.
  path = flag: value: toJSON (flag + percent value);

  # As above, for BindPaths, where ":" would part source and target.
  bindPath = flag: value: toJSON (flag + replaceStrings [ ":" ] [ "\\:" ] (percent value));

  # One word of ExecStart, where "$" stands for a variable, too.
  word = value: toJSON (replaceStrings [ "$" ] [ "$$" ] (percent value));

  # One line of Environment. `isRaw` keeps "%", for systemd's own %d.
  assignment =
    isRaw: name: value:
    toJSON "${name}=${if isRaw then value else percent value}";

  # A file that systemd opens; "-" before it means that it may be missing. agenix writes the folder of a session as a variable, which systemd knows as %t.
  file =
    value:
    if substring 0 1 value == "-" then
      "-" + file (substring 1 (-1) value)
    else if substring 0 (stringLength sessionFolder) value == sessionFolder then
      "%t/" + percent (substring (stringLength sessionFolder) (-1) value)
    else
      percent value;
  isFilePath = value: substring 0 1 (file value) == "/" || substring 0 3 (file value) == "%t/";

  isBelow =
    parent: value:
    let
      stem = if parent == "/" then parent else "${parent}/";
    in
    value == parent || substring 0 (stringLength stem) value == stem;

  # Without those that lie in another one of the list, and each once.
  outermost =
    paths:
    let
      distinct = builtins.foldl' (kept: one: if builtins.elem one kept then kept else kept ++ [ one ]) [ ] paths;
    in
    filter (one: !(any (other: other != one && isBelow other one) distinct)) distinct;

  # Where ProtectHome hides everything.
  isHome =
    value:
    any (home: isBelow home value) [
      "/home"
      "/root"
      "/run/user"
    ];

  # Why a folder cannot be told to the program or to systemd; null when it can.
  folderProblem =
    value:
    if substring 0 1 value != "/" then
      "is not absolute"
    else if builtins.match "(.*/)?(\\.\\.?)(/.*)?" value != null then
      "has a part that is . or .."
    else if builtins.match ".+/" value != null then
      "ends with a slash"
    else if builtins.match "[ \t].*|.*[ \t]" value != null then
      "ends with a blank"
    else if builtins.match "(.|\n)*[,;\n\"\\](.|\n)*" value != null then
      "has a comma, semicolon, quote, backslash or line break, which stand for something else there"
    else
      null;
}
