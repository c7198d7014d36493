// SPDX-License-Identifier: Apache-2.0
#include "support/postgres_server.h"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "support/server_process.h"

namespace mecha::test {
namespace {

namespace fs = std::filesystem;
using SteadyClock = std::chrono::steady_clock;

constexpr auto kPostgresTimeout = std::chrono::seconds(20);

// The newest installed server's program; Debian keeps them out of the PATH.
std::string Program(const std::string& name) {
  std::string newest;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const std::string path = version.path() / "bin" / name;
    if (fs::exists(path) && path > newest) {
      newest = path;
    }
  }
  return newest.empty() ? name : newest;
}

// A stopped or ended process does nothing more; one that was told to stop may.
bool HasStopped(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
  const size_t name_end = line.rfind(") ");
  return name_end == std::string::npos || line[name_end + 2] == 'T' || line[name_end + 2] == 'Z';
}

// Whom the server runs as; null when this process is not root.
const passwd* ServerUser() {
  static const passwd* const user = geteuid() == 0 ? getpwnam("postgres") : nullptr;
  return user;
}

std::string MakeFolder(const char* what) {
  std::string pattern = (fs::temp_directory_path() / (std::string("mecha-") + what)).string();
  pattern += "-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("TestPostgres: no temporary folder: " + pattern);
  }
  fs::permissions(pattern, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec);
  if (ServerUser() != nullptr &&
      chown(pattern.c_str(), ServerUser()->pw_uid, ServerUser()->pw_gid) != 0) {
    throw std::runtime_error("TestPostgres: cannot give away " + pattern);
  }
  return pattern;
}

// Runs `words` as the server's user, with its output in `log`; the process id.
pid_t Spawn(const std::vector<std::string>& words, const std::string& log) {
  std::vector<char*> arguments;
  for (const std::string& word : words) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  const passwd* user = ServerUser();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) {
    return pid;
  }
  const int in = open("/dev/null", O_RDONLY);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(in, 0);
  dup2(out, 1);
  dup2(out, 2);
  if (user != nullptr &&
      (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent || chdir("/") != 0) {
    _exit(1);
  }
  execvp(arguments.front(), arguments.data());
  _exit(127);
}

bool Run(const std::vector<std::string>& words, const std::string& log) {
  const pid_t pid = Spawn(words, log);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// The data folder that others are copies of.
class Template {
 public:
  Template() : folder_(MakeFolder("postgres-template")) {
    if (!Run({Program("initdb"), "-D", data(), "--no-sync", "-A", "trust", "-U", "postgres", "-E",
              "UTF8", "--locale=C.UTF-8"},
             folder_ + "/initdb.log")) {
      throw std::runtime_error("TestPostgres: initdb fails; see " + folder_);
    }
  }
  Template(const Template&) = delete;
  Template& operator=(const Template&) = delete;
  ~Template() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string data() const { return folder_ + "/data"; }

 private:
  std::string folder_;
};

void CopyTemplate(const std::string& folder) {
  static const Template original;
  if (!Run({"cp", "-a", original.data(), folder + "/data"}, folder + "/copy.log")) {
    throw std::runtime_error("TestPostgres: cannot copy the data folder; see " + folder);
  }
}

struct CloseSession {
  void operator()(PGconn* session) const { PQfinish(session); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};

}  // namespace

TestPostgres::TestPostgres(PostgresServerOptions options)
    : options_(std::move(options)), folder_(MakeFolder("postgres")) {
  CopyTemplate(folder_);
  if (options_.wants_passwords) {
    std::ofstream(folder_ + "/data/pg_hba.conf")
        << "local all all trust\nhost all postgres 127.0.0.1/32 trust\n"
           "host all all 127.0.0.1/32 scram-sha-256\n";
  }
  if (options_.is_encrypted) {
    MakeCertificate();
  }
  StartOnFreePort();
}

void TestPostgres::MakeCertificate() {
  const std::string key = folder_ + "/server.key";
  if (!Run({"openssl", "req", "-new", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate()},
           folder_ + "/openssl.log")) {
    throw std::runtime_error("TestPostgres: openssl makes no certificate; see " + folder_);
  }
  const bool wants_clients = !options_.clients_authority.empty();
  std::ofstream(folder_ + "/data/pg_hba.conf")
      << "local all all trust\nhostssl all all 127.0.0.1/32 trust"
      << (wants_clients ? " clientcert=verify-ca\n" : "\n");
  options_.settings.insert(options_.settings.end(),
                           {"ssl=on", "ssl_key_file=" + key, "ssl_cert_file=" + certificate()});
  if (wants_clients) {
    const std::string clients = folder_ + "/clients.crt";
    std::ofstream(clients) << options_.clients_authority;
    options_.settings.push_back("ssl_ca_file=" + clients);
  }
}

TestPostgres::~TestPostgres() {
  Kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void TestPostgres::StartOnFreePort() {
  // Somebody else may take the port between FreePort and the server's bind: then the next one.
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    port_ = FreePort();
    if (Start()) {
      return;
    }
  }
  throw std::runtime_error("TestPostgres: the server does not start; see " + folder_);
}

bool TestPostgres::Start() {
  std::vector<std::string> words = {Program("postgres"), "-D", folder_ + "/data"};
  std::vector<std::string> settings = {"fsync=off",
                                       "full_page_writes=off",
                                       "shared_buffers=16MB",
                                       "max_wal_senders=0",
                                       "max_connections=60",
                                       "listen_addresses=127.0.0.1",
                                       "unix_socket_directories=" + folder_,
                                       "port=" + std::to_string(port_)};
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  for (const std::string& setting : settings) {
    words.insert(words.end(), {"-c", setting});
  }
  pid_ = Spawn(words, folder_ + "/server.log");
  const auto end = SteadyClock::now() + kPostgresTimeout;
  while (SteadyClock::now() < end && waitpid(pid_, nullptr, WNOHANG) == 0) {
    if (IsReady()) {
      return true;
    }
    usleep(5000);
  }
  Kill();
  return false;
}

bool TestPostgres::IsReady() const {
  // Over the socket in its own folder: no other server answers there.
  return Sql("postgres", "SELECT 'up'") == "up\n";
}

std::string TestPostgres::Connection(const std::string& database) const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " user=postgres dbname=" + database;
}

std::string TestPostgres::MakeDatabase() {
  const std::string name = "case_" + std::to_string(++databases_);
  const std::string answer = Sql("postgres", "CREATE DATABASE " + name);
  if (answer.starts_with("ERROR")) {
    throw std::runtime_error("TestPostgres: " + answer);
  }
  return name;
}

std::string TestPostgres::Sql(const std::string& database, const std::string& text) const {
  const std::string place = "host=" + folder_ + " port=" + std::to_string(port_) +
                            " user=postgres connect_timeout=5 dbname=" + database;
  const std::unique_ptr<PGconn, CloseSession> session(PQconnectdb(place.c_str()));
  PQsetNoticeProcessor(
      session.get(), [](void*, const char*) {}, nullptr);
  const std::unique_ptr<PGresult, ClearResult> result(PQexec(session.get(), text.c_str()));
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    return std::string("ERROR ") + PQerrorMessage(session.get());
  }
  std::string rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      rows += column == 0 ? "" : "|";
      rows += PQgetvalue(result.get(), row, column);
    }
    rows += "\n";
  }
  return rows;
}

void TestPostgres::Kill() {
  if (pid_ > 0) {
    // Without cleaning up, and none that was paused does anything before.
    for (const pid_t process : Processes()) {
      kill(process, SIGQUIT);
    }
    Continue();
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
  }
}

void TestPostgres::Restart() {
  Kill();
  for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
    if (Start()) {
      return;
    }
  }
  throw std::runtime_error("TestPostgres: the server does not start again; see " + folder_);
}

// The server, then its children, as the kernel knows them.
std::vector<pid_t> TestPostgres::Processes() const {
  std::vector<pid_t> found = {pid_};
  const std::string own = std::to_string(pid_);
  std::ifstream children("/proc/" + own + "/task/" + own + "/children");
  for (pid_t child = 0; children >> child;) {
    found.push_back(child);
  }
  return found;
}

void TestPostgres::Pause() {
  // waitpid tells when the server has really stopped, so that it has no more children then.
  kill(pid_, SIGSTOP);
  waitpid(pid_, nullptr, WUNTRACED);
  const std::vector<pid_t> processes = Processes();
  for (const pid_t process : processes) {
    kill(process, SIGSTOP);
  }
  const auto end = SteadyClock::now() + kPostgresTimeout;
  while (!std::all_of(processes.begin(), processes.end(), HasStopped) && SteadyClock::now() < end) {
    usleep(1000);
  }
}

void TestPostgres::Continue() {
  const std::vector<pid_t> processes = Processes();
  std::for_each(processes.rbegin(), processes.rend(),
                [](pid_t process) { kill(process, SIGCONT); });
}

}  // namespace mecha::test
