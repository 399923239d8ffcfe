//! The README's way from nothing to an alert, word by word.
//!
//! The commands run in a shell, in a folder that looks like the repository, with this build of
//! `plumbline` and the rig's Prometheus on the `PATH`. Ports are those that are free. A command that
//! ends with `&` goes on in the background.

use std::env;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::documented::{Shown, fits, lines, shown};
use super::programs::Programs;
use super::supervised::Supervised;
use super::yaml::repository;
use support::skipped::skip;
use support::waiting::within;

const HEADING: &str = "\n## From nothing to an alert\n";
const PORTS: [&str; 2] = ["9464", "9090"];

/// Files of the repository that commands name. Those of Prometheus name a port, too.
const LINKED: [&str; 2] = ["deploy/samples", "deploy/prometheus/plumbline.rules.yaml"];
const SCRAPES: &str = "deploy/prometheus/quickstart.yaml";

struct Reader {
    folder: PathBuf,
    programs: PathBuf,
    ports: [String; 2],
    background: Vec<Supervised>,
    _temporary: tempfile::TempDir,
}

impl Reader {
    fn new(programs: &Programs) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let (folder, tools) = (temporary.path().join("plumbline"), temporary.path().join("bin"));
        fs::create_dir_all(folder.join("deploy/prometheus")).unwrap();
        fs::create_dir(&tools).unwrap();
        let plumbline = PathBuf::from(env!("CARGO_BIN_EXE_plumbline"));
        for (name, program) in [
            ("plumbline", &plumbline),
            ("prometheus", &programs.prometheus),
            ("promtool", &programs.promtool),
        ] {
            symlink(program, tools.join(name)).unwrap();
        }
        for path in LINKED {
            symlink(repository(path), folder.join(path)).unwrap();
        }
        let free = || TcpListener::bind("127.0.0.1:0").unwrap();
        let ports = [free(), free()].map(|it| it.local_addr().unwrap().port().to_string());
        let reader =
            Self { folder, programs: tools, ports, background: Vec::new(), _temporary: temporary };
        let scrapes = fs::read_to_string(repository(SCRAPES)).unwrap();
        fs::write(reader.folder.join(SCRAPES), reader.with_free_ports(&scrapes)).unwrap();
        reader
    }

    fn with_free_ports(&self, text: &str) -> String {
        let ports = PORTS.iter().zip(&self.ports);
        ports.fold(text.to_owned(), |text, (port, free)| text.replace(port, free))
    }

    fn shell(&self, line: &str) -> Command {
        let others = env::var("PATH").unwrap();
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(&self.folder)
            .env("PATH", format!("{}:{others}", self.programs.display()));
        command
    }

    /// Does what a command asks for, until it shows what the README shows.
    async fn does(&mut self, shown: &Shown) {
        let command = self.with_free_ports(&shown.command);
        if let Some(command) = command.strip_suffix(" &") {
            if let Some(listen) = command.strip_prefix("prometheus ") {
                let port = &self.ports[1];
                return self.goes_on(&format!(
                    "prometheus {listen} --web.listen-address 127.0.0.1:{port}"
                ));
            }
            let port = &self.ports[0];
            return self.goes_on(&format!("{command} --listen 127.0.0.1:{port}"));
        }
        let expected = self.with_free_ports(&shown.output);
        within(Duration::from_mins(3), &format!("$ {command}\n{expected}"), async || {
            let output = self.shell(&command).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            (output.status.success() && fits(&lines(&expected), &lines(&text))).then_some(())
        })
        .await;
    }

    /// Draws a dashboard with what is measured, as the README's picture is, and has a browser look at
    /// the page.
    fn looks_at(&self, dashboard: &str) {
        let path = format!("deploy/grafana/{dashboard}.json");
        let draw = repository("deploy/grafana/pictures/draw.py");
        let drawn = Command::new("python3")
            .arg("-B")
            .arg(draw)
            .arg(format!("http://127.0.0.1:{}", self.ports[1]))
            .arg(repository(&path))
            .output()
            .unwrap();
        assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
        let page = self.folder.join(format!("{dashboard}.html"));
        fs::write(&page, drawn.stdout).unwrap();
        let Some(seen) = seen(&page) else { return };
        let dashboard: Value =
            serde_json::from_str(&fs::read_to_string(repository(&path)).unwrap()).unwrap();
        let panels = dashboard["panels"].as_array().unwrap().iter();
        let panels: Vec<&Value> = panels.filter(|panel| panel["type"] != "row").collect();
        assert_eq!(seen.matches("<section").count(), panels.len());
        for panel in panels {
            let title = panel["title"].as_str().unwrap();
            assert!(seen.contains(&format!("<h3>{title}</h3>")), "{title} is not there");
        }
        assert!(!seen.contains("data-cut=\"true\""), "a panel has no place for what it shows");
        assert_eq!(seen.matches("data-cut=\"false\"").count(), seen.matches("<section").count());
        for shown in ["rds-instance-private", "analytics", "111122223333"] {
            assert!(seen.contains(shown), "{shown} is not there");
        }
    }

    fn goes_on(&mut self, command: &str) {
        let folder = self.folder.join(format!("process-{}", self.background.len()));
        let line = format!("cd '{}' && exec {command}", self.folder.display());
        let command = self.shell(&line);
        self.background.push(Supervised::of(&folder, &command));
    }
}

/// A page as Chromium makes it; nothing, said aloud, where there is no Chromium.
fn seen(page: &Path) -> Option<String> {
    let Ok(output) = Command::new("chromium")
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1456,2400"])
        .args(["--dump-dom", &format!("file://{}", page.display())])
        .output()
    else {
        skip("no browser looks at the pictures: install chromium");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn the_readme_leads_from_nothing_to_an_alert() {
    let Some(programs) = Programs::get() else { return };
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let (_, section) = readme.split_once(HEADING).expect("the README has the section");
    let section = section.split("\n## ").next().unwrap();
    let commands = shown(section);
    assert!(commands.len() >= 4, "{} commands are run", commands.len());
    let mut reader = Reader::new(programs);
    for shown in &commands {
        reader.does(shown).await;
    }
    assert_eq!(reader.background.len(), 2);
    for dashboard in ["plumbline-overview", "plumbline-owner"] {
        reader.looks_at(dashboard);
    }
}
