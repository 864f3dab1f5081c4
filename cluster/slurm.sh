#!/usr/bin/env bash
# deepfeat on Slurm: one job runs the experiment, and the tasks of an array work for it.
#
#   deepfeat submit slurm experiment.yml --workers 8     fills this file in, submits it twice, shows the progress
#
# or by hand, after the settings below are filled in, from a directory that all nodes see:
#
#   sbatch cluster/slurm.sh                              the head: scheduler, experiment, and a worker of its own
#   sbatch --array=1-8 cluster/slurm.sh                  eight workers
#
# Nothing is lost when a job is cancelled, preempted, or out of time: a head that may be started again asks for it
# itself, and any other time submit it again. Where nodes may not connect to each other, see cluster/slurm-shards.sh.
#SBATCH --job-name=deepfeat
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --mem-per-cpu=4G
#SBATCH --time=04:00:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append

# ---- settings ---------------------------------------------------------------------------------------------------
EXPERIMENT=experiment.yml                # the experiment file
RUN=ExpOutput/breast_cancer              # where its results go: OUTPUT/<name of the experiment>
OVERRIDES=()                             # settings that differ: (training.models=500)
DEEPFEAT=(deepfeat)                      # a plain environment: ("$HOME/deepfeat/.venv/bin/deepfeat"); the image:
                                         # (apptainer exec --bind "$PWD" deepfeat.sif deepfeat)
HEAD_WORKERS=1                           # workers of the head itself, so that it can finish alone
HEAD=                                    # number of the head's job, for workers: they do not outlive it
WAIT=3600                                # seconds for workers to wait for the head, and for it to wait for them
RESTARTS=3                               # how often a job may ask to be started again
TLS=()                                   # traffic in the clear, or (authority.pem certificate.pem key.pem)
# -----------------------------------------------------------------------------------------------------------------

set -u  # before bash 4.4 an empty array counts as unset: ${NAME[@]+...} is for those
scheduler=$RUN/.deepfeat/scheduler.json
# Only Slurm's own word counts: a busy controller that does not answer says nothing about the head.
head_is_there() {
    [ -n "$HEAD" ] || return 0
    local said
    said=$(squeue --noheader --jobs "$HEAD" --format %T 2>&1) || { [[ $said != *[Ii]nvalid* ]]; return; }
    [ -n "$said" ]
}

if [ -z "${SLURM_ARRAY_TASK_ID:-}" ]; then
    job=$SLURM_JOB_ID
    ended=$RUN/logs/slurm/exit-$job          # where `deepfeat submit slurm` finds how the run has ended
    rm -f "$ended"                           # an earlier start of the same job
    command=("${DEEPFEAT[@]}" run "$EXPERIMENT" ${OVERRIDES[@]+"${OVERRIDES[@]}"}
        --output "$(dirname "$RUN")" --engine dask "engine.dask.listen=$(hostname)"
        "engine.dask.scheduler_file=$scheduler" "engine.dask.workers=$HEAD_WORKERS" "engine.dask.wait=$WAIT")
    if [ ${#TLS[@]} = 3 ]; then
        command+=("engine.dask.tls={ca: '${TLS[0]}', certificate: '${TLS[1]}', key: '${TLS[2]}'}")
    fi
else
    head_is_there || exit 0
    ended=
    job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
    command=("${DEEPFEAT[@]}" worker --scheduler-file "$scheduler" --run "$RUN" --wait "$WAIT"
        --processes "${SLURM_CPUS_PER_TASK:-1}")
    [ ${#TLS[@]} = 3 ] && command+=(--tls-ca "${TLS[0]}" --tls-certificate "${TLS[1]}" --tls-key "${TLS[2]}")
fi

# Slurm sends USR1 before the time is over, and TERM when somebody wants the job to end. One may come before the number
# of what it is for is known.
again=yes
pid=
early=
pass_on() { if [ -n "$pid" ]; then kill "-$1" "$pid" 2>/dev/null; else early=$1; fi; }
trap 'pass_on USR1' USR1
trap 'again=no; pass_on TERM' TERM
"${command[@]}" &
pid=$!
[ -z "$early" ] || pass_on "$early"
while kill -0 "$pid" 2>/dev/null; do wait "$pid"; done  # a signal ends the waiting, but not what is waited for
wait "$pid"
code=$?

# 75, or 138: the program was told before it could heed signals, and has done nothing that must be kept
if [[ $code = 75 || $code = 138 ]] && [ "$again" = yes ] &&
    [ "${SLURM_RESTART_COUNT:-0}" -lt "$RESTARTS" ] && head_is_there; then
    scontrol requeue "$job" && sleep 60  # until Slurm ends this job, to start it again
fi
if [ -n "$ended" ] && [ -d "${ended%/*}" ]; then
    echo "$code" >"$ended.new" && mv "$ended.new" "$ended"
fi
exit "$code"
