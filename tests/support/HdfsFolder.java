// HdfsFolder RPC_PORT PROTECTION KEYTAB PATH - a folder that all may write to, made by the user nn/127.0.0.1 of Kerberos.
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.security.UserGroupInformation;

public class HdfsFolder {
    public static void main(String[] a) throws Exception {
        Configuration c = new Configuration();
        c.set("fs.defaultFS", "hdfs://127.0.0.1:" + a[0]);
        c.set("hadoop.security.authentication", "kerberos");
        c.set("hadoop.rpc.protection", a[1]);
        c.set("dfs.namenode.kerberos.principal", "nn/127.0.0.1@EXAMPLE.TEST");
        UserGroupInformation.setConfiguration(c);
        UserGroupInformation.loginUserFromKeytab("nn/127.0.0.1@EXAMPLE.TEST", a[2]);
        FileSystem f = FileSystem.get(c);
        f.mkdirs(new Path(a[3]));
        f.setPermission(new Path(a[3]), new FsPermission((short) 0777));
    }
}
