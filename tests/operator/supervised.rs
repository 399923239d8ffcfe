//! A process that never outlives the tests, however they end.
//!
//! A shell stands between: it ends the process and removes its folder as soon as its standard input
//! closes, and that closes when the test process is gone, killed or not.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use support::waiting::DEADLINE;

/// Takes the folder, then the command. A line on its standard input ends the process and keeps the
/// folder, the end of the input removes it too. Says the process's id, and when it has ended.
const SUPERVISOR: &str = r#"
folder=$1
shift
trap '' TERM INT HUP # sent to the whole group, they would take away who cleans up
exec 3<&0
"$@" </dev/null >>"$folder/log" 2>&1 3<&- &
child=$!
{
    rest=remove
    if read -r _ <&3; then rest=keep; fi
    [ -e "$folder/ended" ] || kill -KILL "$child" 2>/dev/null
    if [ "$rest" = remove ]; then
        until rm -rf "$folder" 2>/dev/null; do :; done
        rmdir "$(dirname "$folder")" 2>/dev/null
    fi
} >/dev/null 2>&1 &
echo "$child"
wait "$child" 2>/dev/null
: 2>/dev/null >"$folder/ended"
echo ended
"#;

/// A running process and its folder.
#[derive(Debug)]
pub(crate) struct Supervised {
    folder: PathBuf,
    shell: Child,
    /// Taken when the process is asked to end.
    input: Option<ChildStdin>,
    id: u32,
    ended: Arc<AtomicBool>,
}

impl Supervised {
    /// Starts a command; its output goes to `log` in the folder.
    pub(crate) fn start(folder: &Path, program: &Path, arguments: &[String]) -> Self {
        fs::create_dir_all(folder).unwrap();
        _ = fs::remove_file(folder.join("ended"));
        let mut shell = Command::new("sh")
            .args(["-c", SUPERVISOR, "supervisor"])
            .arg(folder)
            .arg(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = shell.stdin.take();
        let mut lines = BufReader::new(shell.stdout.take().unwrap()).lines();
        let id = lines.next().unwrap().unwrap().parse().unwrap();
        let ended = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&ended);
        thread::spawn(move || {
            for _ in lines {}
            tell.store(true, Ordering::SeqCst);
        });
        Self { folder: folder.to_owned(), shell, input, id, ended }
    }

    /// Starts a command with the environment that was given to it, and no other.
    pub(crate) fn of(folder: &Path, command: &Command) -> Self {
        let text = |part: &OsStr| part.to_str().unwrap().to_owned();
        let mut words = vec!["-i".to_owned()];
        let given = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
        words.extend(given.map(|(name, value)| format!("{}={}", text(name), text(value))));
        words.push(text(command.get_program()));
        words.extend(command.get_args().map(text));
        Self::start(folder, Path::new("/usr/bin/env"), &words)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// The end of what it has written.
    pub(crate) fn log(&self) -> String {
        let text = fs::read(self.folder.join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// Sends a signal by its name: `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id.to_string();
        let status = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(status.success(), "kill -s {name} {id}");
    }

    /// Ends the process without a word, and keeps its folder.
    pub(crate) fn kill(mut self) {
        self.input.take().unwrap().write_all(b"keep\n").unwrap();
        let deadline = Instant::now() + DEADLINE;
        while !self.has_ended() {
            assert!(Instant::now() < deadline, "process {} does not end", self.id);
            thread::yield_now();
        }
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        drop(self.input.take());
        _ = self.shell.wait();
    }
}
