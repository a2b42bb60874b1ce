// Names that other programs give to what a key here means: Prometheus and Alertmanager, adnanh/webhook, GitHub
// Actions, Caddy, Vector, and plain English. They are only for the hint of an unknown key: none of them is accepted.

import { didYouMean } from "../../did-you-mean.ts";

/**
 * On the left the other names, without `-` and `_`; on the right the keys here, of which the first one that is
 * allowed at that location is suggested. `digest.by` is the key `by` inside `digest`.
 */
const table = `
interval period frequency pollinterval scrapeinterval execinterval refreshinterval schedule poll = every at cron per wait
cron crontab schedules cronexpression rrule = at cron
groupinterval = every digest.every
groupwait batchwait delay debounce waitfor collectfor = wait settle digest.wait
groupby = by digest.by
by keyby keyfield partitionby splitby per groupkey fields distinctby = by key
repeatinterval = for dedupe.for
window within ttl duration period interval lifetime retention expiry expires maxage memory remember = for per ttl keep expire tolerance dedupe.for
perwindow windowsecs timewindow = per for
expires expiry maxage validfor deadline expireafter ttlseconds = ttl expire ackwithin
limit count threshold rate burst maxevents maxcount maximum size quantity capacity = max rate throttle
onoverflow excess rest = overflow
ratelimit ratelimiting limits = rate throttle
throttling debounce limiter = throttle
batch batching aggregate aggregation group groupby groupwait groupinterval grouping collect bundle summary = digest
dedup deduplicate deduplication unique distinct uniq nodup = dedupe
onchange changes ifchanged diff = changed
replace replaces replacekey overwrite latest = supersede
mute mutetimes mutetimeintervals activetimeintervals timeintervals silence quiethours dnd donotdisturb = quiet
severity level urgency importance prio = priority
source sources input inputs on trigger triggers event events subscribe topic topics = from
target targets session sessions receiver receivers route destination recipients sendto assignee = to
if condition conditions expression expr where unless cel predicate = when
filter filters where matchers matchre matchersre rules rule triggerrule branches only = match when
variables set extract captures locals = vars
template templates message text body msg output title summary payload markdown annotations responsemessage = content
labels label attributes attrs metadata tags annotations extra = meta
ack acks acknowledge acknowledgement requireack confirm confirmation = receipt
timeout within withinseconds ackdeadline = ackwithin
retries retry maxattempts maxretries tries = attempts
respond answer answers callback response sink = reply
final stop terminal = continue
conversation topic threadid threadts = thread
routes route rules alerts alerting pipelines transforms jobs steps workflows handlers notifications = channels
receivers hooks hook webhooks triggers inputs scrapeconfigs sources feeds = sources
outputs output tools actions webhookconfigs notifiers targets destinations = sinks
include includes import imports uses extends recipes plugins packages templates = use
global globals default = defaults
bind address addr port host hostname httplisten serveraddress = listen
baseurl externalurl publicaddress rooturl url domain webhookurl = publicurl
allowedhosts hostnames domains servernames virtualhosts = hosts
storage journal persistence queue buffer = delivery
auths authorization access acl = permissions
test cases examples checks = tests
endpoint uri link href address feed feedurl target targets webhookurl apiurl = url path
url route location endpoint uri id hookid pathname prefix = path
httpmethods method verb verbs = methods method
auth authentication authorization signature hmac security validate validation verification basicauth = verify auth
basicauth bearertoken bearer credentials httpauth authorization oauth login = auth
executecommand cmd run exec script execute program entrypoint args argv shell = command
commandworkingdirectory workingdirectory workdir workingdir dir chdir directory folder pwd = cwd path
environment envs passenvironmenttocommand environmentvariables envvars = env
timeoutminutes readtimeout scrapetimeout maxtime deadline requesttimeout httptimeout = timeout
responsecode successhttpresponsecode statuscode code httpstatus = status respond
responsemessage responsebody text message = body respond
responseheaders contenttype mimetype = contenttype respond
response reply answer returns = respond
trustedproxies proxy xforwardedfor realip trustproxy = proxies
incomingpayloadcontenttype decoding codec decode decoder bodyformat contenttype format = parse format
maxbodysize bodylimit maxrequestbody maxrequestbytes requestbody limitbody maxsize clientmaxbodysize maxcontentlength = maxbody
maxlinebytes linelimit maxlinesize = maxline
maxfilesize downloadlimit = maxdownload maxupload maxtext
type preset provider algorithm strategy kind vendor method payloadhashsha256 payloadhashsha1 = scheme
token apikey apitoken bottoken accesstoken bearertoken oauthtoken authtoken authkey botkey = token secret
secret password key credential credentials botsecret clientsecret apikey = secret token apptoken verify.secret auth.secret
signingsecret webhooksecret hmacsecret sharedsecret hmackey secretkey secrets passphrase password pass token psk = secret verify.secret auth.secret
user login account userid = username
publickeys pubkey certificate cert ed25519 = publickey jwks
jwksurl jwksuri keysurl = jwks
aud = audience
iss = issuer
digestalgorithm hash hashalgorithm algo alg sha256 = algorithm
signatureheader headername parameter hubsignature source = header
signatureprefix = prefix
skew clockskew maxskew leeway tolerance = tolerance timestamp
deliveryheader requestid messageid idheader eventid = deliveryid
path paths glob globs include includes file filenames logs log logfile = files
exclude ignore skip except = files
readfrom startat startposition position beginning initial = from since
startpattern startregex firstline conditionpattern begin = start
timeoutms flushtimeout maxwait = flush
pathpattern regex regexp grok = pattern
eventtypes types only event = events
movefile archive moveto doneto processed = moveto
selector jsonpath jq query root records results data = items
uniquekey guid idfield itemid id primarykey dedupkey fingerprint = key deliveryid idempotencykey
nextpage pagination paginate pagetoken nexturl link = next cursor
pages pagelimit maxpage = maxpages
startfrom after initialbackfill history lookback = backfill since
keepalive heartbeat idletimeout pinginterval readidle = idle expect
heartbeat deadman absent watchdog expectevery silence = expect
onconnect hello subscribe initmessage greeting = send
subprotocols subprotocol = protocols
allowlist whitelist allowfrom allowedusers allowedids users members senders people = allow access.allow
denylist blocklist blacklist blockedusers deny = deny allow
dmpolicy directmessages private dms = dm
mentions requiremention mentiononly = mention mentionpatterns
reaction ackemoji emoji = ackreaction
apiurl baseurl serverurl endpoint = apiroot url
db sqlite chatdb = database
timezone timezones zone location tzname = tz
weekdays day dayofweek = days
start begin starttime after = from
end until endtime before stop = to
parameters params args arguments schema properties fields inputs = input
returns response outputs = result
payload data jsonbody = json data body
formdata fields = form
filename = file path files
filepath output target = path file
permissions filemode append = mode
datafields querystring = query
desc help summary info title name comment = description
allowedtools toolfilter = tools
ask prompts chats = relay
reviewers admins operators = approvers
disabled disable active on = enabled
maxtokens tokens tokenbudget perhour hourly = budget hour
perevent = event
recipename from source = recipe
parameters params args arguments inputs values = with
overrides patch = override
mincount = gte
equal is exactly eq = equals
regex match pattern = matches
include includes has = contains
exclude notcontains without = excludes
`;

/** By the other name, all keys it may mean, in order. */
let known: Map<string, string[]> | undefined;

function read(): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const line of table.trim().split("\n")) {
    const [others = "", keys = ""] = line.split(" = ");
    for (const other of others.split(" ")) all.set(other, [...(all.get(other) ?? []), ...keys.split(" ")]);
  }
  return all;
}

function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
}

/** `exec_interval_secs` asks for the same as `exec_interval`. */
function withoutUnit(key: string): string {
  return key.replace(/(?:secs?|seconds|millis|ms|minutes)$/, "");
}

export interface KeySuggestion {
  readonly key: string;
  /** The key inside it that the word means. */
  readonly inner?: string;
}

/**
 * The allowed key that an unknown one most likely means: the same word in other letters, else what another program
 * calls by that name, else what is spelled alike. `taken`: keys that are there already.
 */
export function meantKey(
  word: string,
  allowed: readonly string[],
  taken: readonly string[] = [],
): KeySuggestion | undefined {
  const near = didYouMean(word, allowed);
  const isSame = near !== undefined && plain(near) === plain(word);
  const synonym = isSame ? undefined : synonymOf(word, allowed, taken);
  return synonym ?? (near === undefined ? undefined : { key: near });
}

function synonymOf(
  word: string,
  allowed: readonly string[],
  taken: readonly string[],
): KeySuggestion | undefined {
  known ??= read();
  const bare = plain(word);
  const meant = [...(known.get(bare) ?? []), ...(known.get(withoutUnit(bare)) ?? [])];
  const free = new Map(allowed.filter((key) => !taken.includes(key)).map((key) => [plain(key), key]));
  for (const one of meant) {
    const [outer = "", inner] = one.split(".");
    const key = free.get(outer);
    if (key !== undefined && key !== word) return { key, ...(inner === undefined ? {} : { inner }) };
  }
  return undefined;
}

/** The types of sources and sinks, by what other programs call them. */
const types: Readonly<Record<string, readonly string[]>> = {
  http: ["webhook", "webhooks", "hook", "httpserver", "post", "rest", "endpoint", "api"],
  poll: ["httpclient", "httppoll", "scrape", "fetch", "get", "request", "api", "prometheus"],
  cron: ["schedule", "scheduled", "timer", "interval", "clock", "every"],
  tail: [
    "log",
    "logs",
    "logfile",
    "follow",
    "journald",
    "file",
    "files",
    "kubernetes",
    "docker",
    "dockerlogs",
  ],
  watch: ["file", "files", "folder", "directory", "fswatch", "inotify", "filesystem", "chokidar"],
  feed: ["rss", "atom", "news", "jsonfeed", "xml"],
  sse: ["eventsource", "stream", "serversentevents", "smee"],
  websocket: ["ws", "wss", "socket"],
  command: ["exec", "shell", "run", "script", "process", "stdin", "program", "bash"],
  webchat: ["chat", "web", "browser", "widget"],
  imap: ["mail", "email", "imaps", "mailbox", "inbox", "gmail", "pop3"],
  imessage: ["messages", "sms", "apple"],
};

/** As `meantKey`, for the value of `type`. */
export function meantType(word: string, allowed: readonly string[]): string | undefined {
  return allowed.find((type) => types[type]?.includes(plain(word))) ?? didYouMean(word, allowed);
}
