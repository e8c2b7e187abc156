# What of package-lock.json a build on one platform needs. Builtins only, so that tests evaluate it without nixpkgs.
{
  manifest, # package.json, parsed
  lock, # package-lock.json, parsed
  keepDev, # names of the devDependencies that the build runs or ships; all others are left out with what only they use
  platform, # as Node names it: "linux", "darwin"
  arch, # as Node names it: "x64", "arm64"
  libc ? "glibc", # counts on Linux only
}:
let
  inherit (builtins)
    all
    any
    attrNames
    concatMap
    elem
    filter
    genericClosure
    head
    intersectAttrs
    isString
    length
    listToAttrs
    split
    stringLength
    substring
    ;

  missing = filter (name: !(manifest.devDependencies ? ${name})) keepDev;
  devDependencies = intersectAttrs (listToAttrs (
    map (name: {
      inherit name;
      value = null;
    }) keepDev
  )) manifest.devDependencies;

  root = lock.packages."" // {
    inherit devDependencies;
  };
  entries = lock.packages // {
    "" = root;
  };

  # "node_modules/a/node_modules/b" is looked up from itself, then from "node_modules/a", then from the root.
  parent =
    place:
    let
      parts = filter isString (split "/?node_modules/" place);
      inner = elemAtEnd parts;
      cut = stringLength place - stringLength "/node_modules/${inner}";
    in
    if cut <= 0 then "" else substring 0 cut place;
  elemAtEnd = list: builtins.elemAt list (length list - 1);
  placesAbove = place: [ place ] ++ (if place == "" then [ ] else placesAbove (parent place));
  below = place: name: if place == "" then "node_modules/${name}" else "${place}/node_modules/${name}";
  find =
    place: name:
    let
      found = filter (candidate: entries ? ${candidate}) (map (at: below at name) (placesAbove place));
    in
    if found == [ ] then null else head found;

  # npm's rule for "os", "cpu" and "libc": a list of what it runs on, or of what it does not, with "!".
  allows =
    wanted: have:
    wanted == [ ]
    || elem have wanted
    || (all (word: substring 0 1 word == "!") wanted && !(elem "!${have}" wanted));
  runsHere =
    entry:
    allows (entry.os or [ ]) platform
    && allows (entry.cpu or [ ]) arch
    && (platform != "linux" || allows (entry.libc or [ ]) libc);

  fieldsOf =
    place:
    [
      "dependencies"
      "optionalDependencies"
      "peerDependencies"
    ]
    ++ (if place == "" then [ "devDependencies" ] else [ ]);
  uses =
    place:
    filter (used: used != null && runsHere entries.${used}) (
      map (find place) (concatMap (field: attrNames (entries.${place}.${field} or { })) (fieldsOf place))
    );

  reached = map (step: step.key) (genericClosure {
    startSet = [ { key = ""; } ];
    operator = step: map (key: { inherit key; }) (uses step.key);
  });
  packages = listToAttrs (
    map (name: {
      inherit name;
      value = entries.${name};
    }) reached
  );

  unproven = filter (
    place: place != "" && !(packages.${place} ? integrity) && !(packages.${place}.inBundle or false)
  ) reached;
in
if missing != [ ] then
  throw "package.json has no devDependency ${head missing}"
else if any (place: packages.${place}.link or false) reached then
  throw "package-lock.json has a link; a package of this project's own cannot be built from it"
else if unproven != [ ] then
  throw "package-lock.json has no integrity for ${head unproven}"
else
  {
    manifest = manifest // {
      inherit devDependencies;
    };
    lock = lock // {
      inherit packages;
    };
    # One tarball each: what npm calls it, its version, and the hash that proves it.
    tarballs = listToAttrs (
      map (place: {
        name = place;
        value = {
          name = packages.${place}.name or (elemAtEnd (filter isString (split "node_modules/" place)));
          inherit (packages.${place}) version integrity;
        };
      }) (filter (place: packages.${place} ? integrity && !(packages.${place}.inBundle or false)) reached)
    );
  }
