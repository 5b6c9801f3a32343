//! Where evidence belongs: in a folder beside the certificate that names it.

use crate::change::RepoPath;

/// The name of the folders that hold evidence, beside the certificates.
const FOLDER: &[u8] = b"evidence";

/// Where the evidence of a certificate is: `evidence/STEM/` beside it.
pub fn evidence_folder(certificate: &RepoPath) -> RepoPath {
    let name = certificate.file_name();
    let folder = certificate.as_bytes().strip_suffix(name).unwrap_or_default();
    let stem = name.strip_suffix(b".md").unwrap_or(name);
    RepoPath::new([folder, FOLDER, b"/", stem].concat())
}

/// The certificates whose evidence a path would be, by its name alone: for each folder `evidence` on the way, the one beside it.
pub fn evidence_of(path: &RepoPath) -> Vec<RepoPath> {
    let parts = || path.as_bytes().split(|byte| *byte == b'/');
    let mut found = Vec::new();
    if !parts().any(|part| part == FOLDER) {
        return found;
    }
    let parts: Vec<&[u8]> = parts().collect();
    for (at, part) in parts.iter().enumerate() {
        let (Some(stem), true) = (parts.get(at + 1), *part == FOLDER) else {
            continue;
        };
        // The file itself comes below the folder of its certificate.
        if parts.len() > at + 2 {
            let mut certificate = parts.get(..at).unwrap_or_default().join(&b'/');
            if at > 0 {
                certificate.push(b'/');
            }
            certificate.extend_from_slice(stem);
            certificate.extend_from_slice(b".md");
            found.push(RepoPath::new(certificate));
        }
    }
    found
}
