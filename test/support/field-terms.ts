// Nouns of the field that exported names end with, and that need no row in docs/glossary.md: every programmer knows them.
// A new word belongs here only if that is true of it; else it is a term of ours, and the glossary explains it.

export const fieldTerms: ReadonlySet<string> = new Set(
  `
  ability absence access action added address administration admitter algorithm all ancestor answer api arg
  ask assembly attachment audit backlog batch behavior bind block body breaker budget buffer button cache cadence
  call caller cancellation candidate case challenge challenger change chat check child choice chosen class
  claude client clock code command commit compilation compile compiler conceal config connection content
  context copy count counter credential cursor data database deadline decision declaration definition delimiter detail
  detector dialect diff difference disk dispatcher document dotenv draft echo effect emit encoding end engine
  environment error evidence exporter expansion expectation expiry explanation expression extent fact failure family
  fault feed field file filter finding fingerprint fixture flight flow fold follower form format frame
  function gate glob guard handler head health hello histogram history hook id identity inbound inbox index indicator
  info initialize input instance intake interpreter issue item journal json key kind lane launch layer leaf
  lease letter level library limit line link list listen listener listening listing load location locator
  lock log logger loop machine map markup mask match memory message meter metric misfit mismatch mistake name
  namespace need node note notification npm object observer offer offset operator option order origin outbound outbox
  outgoing outward over package page parse part path pattern payload people permission person policy pool port
  preset press preview priority problem process program project proof protocol query question queue range
  rank rate reader reason reception record ref reference refusal regex register registration registry reloader
  remote rendered replacement report repository request reserve result resume ring role room round route router
  row rule run sample scalar scanner schedule schema scheme scope script search secret section semaphore
  send sender sensitivity serve server service set setting setup shape shaper sieve sift simulator span
  spending splitter stage start stat status step stop store stream style subscription substitution
  suggestion supported surrounding table tail tarball target template test text time timeout token tool trace trait
  transport tree trust turn type unwrapper up use validator value var variable verification verifier version view
  visitor wait watch web window wish word worker write writer
`
    .trim()
    .split(/\s+/),
);
