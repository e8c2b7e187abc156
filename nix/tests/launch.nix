# The program does the main job by itself, on stand-ins: a picture is uploaded, proven and archived.
{ runCommand, immich-bridge }:
runCommand "immich-bridge-launch" { nativeBuildInputs = [ immich-bridge ]; } ''
  export HOME=$TMPDIR PORT=0
  cd $TMPDIR
  immich-bridge > log 2>&1 &
  program=$!
  for _ in $(seq 120); do
    if grep -q 'its original is in the archive' log; then
      kill $program
      wait $program
      touch $out
      exit 0
    fi
    sleep 1
  done
  cat log
  exit 1
''
